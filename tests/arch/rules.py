"""What the architecture forbids, as data: who may include whom, and what may not be named or linked where.

A rule is told twice, by the words it looks for in the source and by the symbols it looks for in the compiled library,
since a header can bring in what no line of ours names. Each carries a piece of code that breaks it: self_test.py sees
that the rule finds it.
"""
from dataclasses import dataclass

# Area -> areas it may include besides itself. The longest prefix of a path is its area; bench/ and tests/ see all.
ARROWS = {
    "core/base": [],
    "core": ["core/base"],
    "sim/plan": ["core", "core/base"],
    "sim/measure": ["core", "core/base", "sim/plan"],
    "sim/rings": ["core", "core/base"],
    "sim/world": ["core", "core/base", "sim/plan", "sim/measure"],
    "transport": ["core", "core/base"],
    "cli": ["core", "core/base", "sim/plan", "sim/measure", "sim/rings", "sim/world", "transport"],
}

# Generated headers, and the one area that may include them.
GENERATED = {"hearsay_version.hpp": "cli", "skeletons.hpp": "cli"}

CORE = ("core",)
PROTOCOL_AND_WORLD = ("core", "sim/world")
SIMULATED = ("core", "sim/plan", "sim/measure", "sim/world")


@dataclass(frozen=True)
class Rule:
    name: str
    areas: tuple[str, ...]  # where it holds
    instead: str  # what to use, in the message
    words: str  # regular expression over source without comments
    symbols: str  # regular expression over a whole demangled undefined symbol; "" where nothing shows there
    bad: str  # statements that break it, for the self-test
    headers: str = ""  # what `bad` includes


def c_functions(names: str) -> str:
    return "(?:" + names.replace(" ", "|") + ")"


# Exact by IEEE 754 and therefore allowed: sqrt, fma, floor, ceil, trunc, round, ldexp, frexp, fmod.
LIBM = c_functions("log log2 log10 log1p exp exp2 expm1 pow sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh "
                   "atanh cbrt hypot erf erfc tgamma lgamma")

RULES = [
    Rule("clock", SIMULATED, "Step::mono() and Step::wall(), or the world's true time",
         r"\b(?:steady_clock|system_clock|high_resolution_clock|utc_clock)\b|\bstd::(?:time|clock)\s*\(",
         r"std::chrono::.*_clock::now\(\)|" + c_functions("clock_gettime gettimeofday time clock timespec_get"),
         "auto t = std::chrono::steady_clock::now(); (void)t;", "chrono"),
    Rule("sleep", SIMULATED, "a timer in the Step",
         r"\bstd::this_thread\b|\b(?:usleep|nanosleep)\s*\(", c_functions("sleep usleep nanosleep clock_nanosleep"),
         "std::this_thread::sleep_for(std::chrono::nanoseconds(1));", "thread"),
    Rule("random source", SIMULATED, "the keyed Philox streams of core/base",
         r"\brandom_device\b|\bstd::(?:mt19937|minstd_rand|default_random_engine|ranlux|knuth_b|s?rand\b)",
         r"std::random_device::.*|" + c_functions("getrandom getentropy s?rand s?random arc4random.*"),
         "std::random_device d; (void)d();", "random"),
    Rule("standard distribution", SIMULATED, "the samplers of core/base, which are specified bit by bit",
         r"\bstd::\w+_distribution\b|\bstd::(?:shuffle|sample|generate_canonical)\b", "",
         "std::uniform_int_distribution<int> d(0, 1); (void)d;", "random"),
    Rule("std::hash", SIMULATED, "the XXH3 functions of core/base: std::hash differs between libraries",
         r"\bstd::hash\b", "",
         "(void)std::hash<std::string>()(std::string(std::size_t(n), 'x'));", "string"),
    Rule("libm", SIMULATED, "core/base/dmath.hpp: the last bits of libm differ between machines",
         r"\bstd::" + LIBM + r"[fl]?\s*\(", LIBM + "[fl]?", "(void)std::log(double(n));", "cmath"),
    Rule("environment", SIMULATED, "a parameter", r"\b(?:secure_)?getenv\b", "(?:secure_)?getenv",
         '(void)std::getenv("X");', "cstdlib"),
    Rule("socket", SIMULATED, "a send in the Step; sockets live in transport/",
         r"\bzmq(?:::|_|\.h)|<sys/socket\.h>|<netinet/",
         "zmq_.*|" + c_functions("socket connect bind listen accept4? send sendto sendmsg recv recvfrom recvmsg getaddrinfo"),
         "(void)::socket(1, 2, 0);", "sys/socket.h"),
    Rule("thread", CORE, "nothing: the driver owns threads, and calls a node from one at a time",
         r"\bstd::(?:jthread|thread|mutex|shared_mutex|condition_variable|future|async)\b|\bthread_local\b",
         r"pthread_create|std::thread::.*|std::condition_variable::.*",
         "std::thread t([] {}); t.join();", "thread"),
    Rule("file", PROTOCOL_AND_WORLD, "an observation or a persisted state; files are read by sim/plan and written by cli/",
         r"\bstd::(?:basic_)?[io]?fstream\b|\bstd::filesystem\b|\bfopen\s*\(",
         r"std::basic_(?:[io]?fstream|filebuf)<.*|std::filesystem::.*|" + c_functions("open open64 openat fopen fopen64"),
         'std::ofstream f("x"); f << n;', "fstream"),
    Rule("terminal", PROTOCOL_AND_WORLD, "an observation, or a Result whose message the program prints",
         r"\bstd::(?:cout|cerr|clog|cin)\b|<iostream>", r"std::(?:cout|cerr|clog|cin)",
         "std::cout << n;", "iostream"),
]


# Headers of the standard library by what they provide: "sort min ..." -> {"algorithm"}. What comes with nearly any of
# them (size_t, move, pair, begin) is left out.
PROVIDERS = {name: set(headers.split()) for names, headers in {
    "vector": "vector",
    "array": "array",
    "deque": "deque",
    "list": "list",
    "map multimap": "map",
    "set multiset": "set",
    "unordered_map unordered_multimap": "unordered_map",
    "unordered_set unordered_multiset": "unordered_set",
    "queue priority_queue": "queue",
    "span": "span",
    "string to_string": "string",
    "string_view": "string_view string",
    "optional nullopt": "optional",
    "variant visit monostate get_if holds_alternative": "variant",
    "tuple tie": "tuple",
    "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this": "memory",
    "function invoke less greater": "functional map set algorithm",
    "back_inserter": "iterator",
    "exchange": "utility",
    "atomic memory_order_relaxed memory_order_acquire memory_order_release": "atomic",
    "mutex lock_guard unique_lock scoped_lock": "mutex shared_mutex condition_variable",
    "condition_variable condition_variable_any": "condition_variable",
    "binary_semaphore counting_semaphore": "semaphore",
    "thread jthread": "thread",
    "chrono": "chrono",
    "uint8_t uint16_t uint32_t uint64_t int32_t int64_t uintptr_t": "cstdint",
    "align_val_t nothrow": "new memory",
    "numeric_limits": "limits",
    "sort stable_sort is_sorted min max clamp lower_bound upper_bound equal_range partition_point find find_if any_of all_of "
    "none_of equal fill reverse unique copy push_heap pop_heap ranges": "algorithm",
    "bit_cast bit_ceil bit_floor bit_width has_single_bit popcount countr_zero countl_zero rotl endian": "bit",
    "sqrt floor ceil isnan isfinite": "cmath",
    "exception exception_ptr current_exception rethrow_exception": "exception",
    "runtime_error logic_error invalid_argument": "stdexcept",
    "memcpy memcmp memset strlen": "cstring",
    "FILE fputs fprintf": "cstdio",
    "ostream istream": "iosfwd ostream istream iostream fstream sstream",
    "ofstream ifstream": "fstream",
    "filesystem": "filesystem",
    "initializer_list": "initializer_list",
    "same_as integral unsigned_integral convertible_to derived_from": "concepts",
    "is_same_v enable_if_t decay_t remove_cvref_t conditional_t is_enum_v underlying_type_t is_integral_v is_unsigned_v "
    "make_unsigned_t is_trivially_copyable_v": "type_traits",
    "error_code": "system_error filesystem",
    "iota accumulate gcd": "numeric",
}.items() for name in names.split()}

# And of other libraries by their namespaces.
OTHERS = {
    "fmt": {"fmt/format.h", "fmt/ranges.h", "fmt/core.h"},
    "msgpack": {"msgpack.hpp"},
    "nlohmann": {"nlohmann/json.hpp", "nlohmann/json_fwd.hpp"},
    "tl": {"tl/expected.hpp"},
    "toml": {"toml++/toml.h"},
    "zmq": {"zmq.hpp"},
}
