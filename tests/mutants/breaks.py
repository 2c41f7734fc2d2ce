"""Ways to break the code that the suite must notice, as data: one edit each, and the test that is to see it.

A break is the mistake somebody could make: a condition turned, a call forgotten, a bound off. `old` occurs exactly once in
its file; `red` is a regular expression over ctest's names, of which at least one must fail. tools/mutants makes the breaks,
and its --check, a test of the suite, holds this list to the tree. When a line here moved, follow it; when nothing of the
kind is there any more, delete the break.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    name: str
    file: str
    old: str
    new: str
    red: str


FACTS = "core/membership/swim_facts.cpp"
SYNC = "core/membership/swim_sync.cpp"
PROBE = "core/membership/swim_probe.cpp"
BROADCASTS = "core/membership/swim_broadcasts.cpp"
STORE = "core/kv/store.cpp"
COORDINATOR = "core/replication/coordinator.cpp"
REPAIRER = "core/replication/repairer.cpp"
ANTI_ENTROPY = "core/replication/anti_entropy.cpp"
PUSH = "core/dissemination/push.cpp"
REACHABILITY = "sim/plan/reachability.hpp"
NETWORK = "sim/world/network.cpp"
WORLD = "sim/world/world.cpp"
ENGINE = "sim/world/engine.cpp"
CLIENTS = "sim/measure/client_probe.cpp"
MISROUTES = "sim/measure/misroute_probe.cpp"
QUORUM = "sim/measure/quorum.cpp"
HISTORY = "core/ring/placement_history.cpp"
SOCKET = "transport/socket.cpp"
KEY_FILES = "transport/key_files.cpp"
ZAP = "transport/zap.cpp"
FAULTS = "transport/fault_filter.cpp"

BREAKS = [
    # ---- suspicion
    Break("suspicion never ends", FACTS,
          "  adopt(step, s, {subject, {suspicion.epoch, suspicion.incarnation, Status::kDead}, kNoSlot});\n", "",
          "core/a crash is found, timed and told to everybody"),
    Break("suspicion ends at once", FACTS,
          "suspicion->min = suspicion_min(config_.suspicion_mult, n, config_.probe_interval);", "suspicion->min = 1ms;",
          "core/a crash is found, timed and told to everybody"),
    Break("nobody refutes", FACTS,
          "const bool accused = belief.status != Status::kAlive;", "const bool accused = false;",
          "core/a node behind loss is suspected, refutes"),
    Break("a refutation keeps its incarnation", FACTS,
          "s.incarnation = belief.incarnation + 1;", "s.incarnation = belief.incarnation;",
          "core/a node behind loss is suspected, refutes"),
    Break("an accusation of the present incarnation is taken for old", FACTS,
          "if (belief.incarnation < s.incarnation ||", "if (belief.incarnation <= s.incarnation ||",
          "core/a node behind loss is suspected, refutes"),
    Break("what is believed already is taken for news", FACTS,
          "if (known.known && update.belief <= known.belief) {", "if (known.known && update.belief < known.belief) {",
          "core/independent accusers shorten a suspicion"),
    Break("a view takes what it knows for news", "core/protocol/private_views.cpp",
          "if (before.known && belief <= before.belief) return false;",
          "if (before.known && belief < before.belief) return false;",
          "core/merging keeps the greatest belief"),
    Break("accusers do not shorten a suspicion", FACTS,
          "if (deadline < suspicion.armed) {", "if (deadline < suspicion.start) {",
          "core/accusers who come after the least time"),
    Break("a full state kills whom it calls dead", FACTS,
          "if (update.belief.status == Status::kDead && known.member()) update.belief.status = Status::kSuspect;\n", "",
          "core/who is dead in somebody's state is only suspected"),
    Break("an ack proves nothing", PROBE,
          "if (s.probe.active() && s.probe.sequence == ack.sequence) {",
          "if (s.probe.active() && s.probe.sequence != ack.sequence) {",
          "core/a quiet cluster costs two messages"),
    Break("a failed probe accuses nobody", PROBE,
          "{probe.accused.epoch, probe.accused.incarnation, Status::kSuspect}",
          "{probe.accused.epoch, probe.accused.incarnation, Status::kAlive}",
          "core/a crash is found, timed and told to everybody"),

    # ---- rejoin
    Break("the healer never reconnects", SYNC,
          "send_state(step, chosen->subject, false);", "(void)chosen;",
          "core/a split heals by push-pull with the dead"),
    Break("the healer tries those who left", SYNC,
          "return grave.belief.status == Status::kDead; };", "return grave.belief.status != Status::kAlive; };",
          "core/the healer asks the dead, and leaves in peace who left"),
    Break("a full state is not answered", SYNC,
          "if (!sync.reply && sync.last) send_state(step, from, true);", "(void)from;",
          "core/a node that is told of two clusters joins them"),

    Break("members are introduced again whenever they ask", SYNC,
          "if (stranger && !sync.reply &&", "if (!sync.reply &&",
          "core/only a stranger's request makes a node introduce"),
    Break("who left is introduced", SYNC,
          "if (!is_member(update.belief.status)) continue;", "",
          "core/who left before it was introduced is not"),

    # ---- piggybacking
    Break("a datagram takes more news than fit", BROADCASTS,
          "if (used + entry.bytes > bytes || count == room) {", "if (used > bytes || count == room) {",
          "core/a gossip fits the datagram"),
    Break("news never leave the queue", BROADCASTS,
          "if (entry.transmits + 1U >= retransmit_limit) {", "if (entry.transmits + 1U > kMaxTiers + retransmit_limit) {",
          "core/an update leaves after its last transmit"),
    Break("the queue of news has no bound", BROADCASTS,
          "if (size() >= limit) {", "if (size() >= kMaxLimit) {",
          "core/a full queue lets go"),

    # ---- heal and held messages
    Break("a heal leaves the matrix as it was", NETWORK,
          "p.name == name; });\n  HEARSAY_CHECK(regroup());\n", "p.name == name; });\n",
          "world/a partition cuts its sides apart, and a heal ends it"),
    Break("a heal without a name heals nothing", NETWORK,
          "return name.empty() || p.name == name; });", "return p.name == name; });",
          "world/a partition cuts its sides apart, and a heal ends it"),
    Break("what a cut held is not replayed", WORLD,
          "      engine_.release_held();\n", "",
          "world/what a cut held arrives after its end"),
    Break("the probes are not told of a heal", WORLD,
          "      engine_.release_held();\n      measure_.reachability(engine_.now(), network_.reachability());\n",
          "      engine_.release_held();\n",
          "world/a split of swim is seen by everybody and mended"),
    Break("what was held overtakes itself", NETWORK,
          "connection.last_arrival_ns = std::max(at_ns, connection.last_arrival_ns + 1);",
          "connection.last_arrival_ns = at_ns;",
          "world/a zmq link replays after the heal"),
    Break("what was held passes partitions that delay", NETWORK,
          "    const Cut cut = cut_between(src, dst);\n    std::uint32_t index = 0;\n",
          "    const Cut cut;\n    std::uint32_t index = 0;\n",
          "world/what a cut held meets the link as it is at the heal"),

    # ---- clocks
    Break("a timer does not follow its clock", ENGINE,
          "armed_[record.clock].move(clock, now(), [this](const Event& event) { queue_.push(event); });", "(void)0;",
          "world/a pending timer follows a change of the clock"),

    # ---- the reachability matrix
    Break("everybody reaches everybody", REACHABILITY,
          "return (reaches[group[raw(from)]] >> group[raw(to)] & 1) != 0;",
          "return raw(from) != raw(to) || (reaches[group[raw(from)]] >> group[raw(to)] & 1) != 0;",
          "world/a partition cuts its sides apart, and a heal ends it"),
    Break("the matrix is transposed", REACHABILITY,
          "(reaches[group[raw(from)]] >> group[raw(to)] & 1)", "(reaches[group[raw(to)]] >> group[raw(from)] & 1)",
          "world/a one-way cut lets the way back work"),
    Break("groups never reach each other", NETWORK,
          "if (!cut) reachability_.reaches[a]", "if (!cut && a == b) reachability_.reaches[a]",
          "world/a bridge reaches both sides"),
    Break("of several partitions the last one counts", NETWORK,
          "const auto key = std::pair{reachability_.group[i], partition.side[i]};",
          "const auto key = std::pair{std::uint8_t{0}, partition.side[i]};",
          "world/partitions in force together intersect"),

    # ---- deadlines
    Break("a read of the store does not look at the deadline", STORE,
          "if (now < until) return {ItemState::kLive, until - now};",
          "return {ItemState::kLive, std::max(Duration(1), until - now)};",
          "core/store: a value lives right up to its deadline"),
    Break("a value lives one instant too long", STORE,
          "if (now < until) return {ItemState::kLive, until - now};",
          "if (now <= until) return {ItemState::kLive, until - now};",
          "core/store: a value lives right up to its deadline"),
    Break("a coordinator does not look at the deadline of what it was sent", COORDINATOR,
          "pending.best.any && pending.best.live && pending.best.until > step.mono();",
          "pending.best.any && pending.best.live;",
          "core/a value that ends while a read waits for its quorum"),
    Break("of copies of one version the later deadline is taken", STORE,
          "if (entry.tombstone() || entry.due <= due) return WriteResult::kSame;",
          "if (entry.tombstone() || entry.due >= due) return WriteResult::kSame;",
          "core/store: of one version the earlier deadline is taken"),
    Break("a TTL that ended on its way is for ever", COORDINATOR,
          "if (copy.left <= Duration::zero()) return {pending.key, {}, pending.version, true, Duration::zero()};",
          "if (copy.left <= Duration::zero()) copy.left = Duration::zero();",
          "core/a TTL that ends on the way to a ticket does not become for ever"),

    # ---- tombstones
    Break("a delete leaves no tombstone", STORE,
          "return bury(key, hash, version, now, options_.tombstone_grace);",
          "return bury(key, hash, version, now, Duration::zero());",
          "core/store: a delete is a tombstone with its own version"),
    Break("an expiry leaves no tombstone", STORE,
          "if (entry.tombstone() || options_.tombstone_grace == Duration::zero()) {", "if (!entry.free()) {",
          "core/store: a shorter-lived value that expired does not let an older"),
    Break("an expired value that was not collected yet is no tombstone", STORE,
          "    until = after(until, options_.tombstone_grace);\n", "",
          "core/store: an expired value's tombstone is kept for the grace"),
    Break("anti-entropy keeps silent about tombstones", REPAIRER,
          "if (share(step, replica, item.hash, peer)) {",
          "if (item.state == ItemState::kLive && share(step, replica, item.hash, peer)) {",
          "core/a deletion wins over the older value that the other side of a split kept"),
    Break("a tombstone begins its grace anew at every node", "core/replication/replica.cpp",
          "copy.left == Duration::zero() || copy.left >= grace", "copy.left <= grace",
          "core/a tombstone that travels keeps the grace it has left"),

    # ---- replication
    Break("an older version overwrites", STORE,
          "    if (version < entry.version) return WriteResult::kOlder;\n", "",
          "core/store: the greater version wins in either order"),
    Break("no read repairs", COORDINATOR,
          "  if (replica.params().read_repair) repair(step, replica, pending);\n",
          "  if (!replica.params().read_repair) repair(step, replica, pending);\n",
          "core/read repair brings a stale replica up to date"),
    Break("nothing is handed over", ANTI_ENTROPY,
          "  state.kv->hand_over.on_member_change(step, limits_, change);\n", "  (void)step, (void)change;\n",
          "core/a node that joins is given its keys"),
    Break("who leaves takes its keys with it", ANTI_ENTROPY,
          "  state.kv->hand_over.on_leave(step, state.kv->replica, limits_);\n", "  (void)step;\n",
          "core/a node that leaves gives away its keys first"),
    Break("rounds compare nothing", ANTI_ENTROPY,
          "    Repairer::compare(step, own.replica, limits_.repair, peer);\n", "",
          "core/every mode of anti-entropy makes replicas equal"),
    Break("half is a quorum", "core/replication/params.cpp",
          "return copies / 2 + 1;", "return (copies + 1) / 2;",
          "core/quorums are counted of n"),
    Break("a write needs one answer less", COORDINATOR,
          "if (!pending.answered && pending.answers >= pending.need) reply(step, pending, true);",
          "if (!pending.answered && pending.answers + 1 >= pending.need) reply(step, pending, true);",
          "core/how many replicas may be down"),
    Break("a read needs one answer more", COORDINATOR,
          "if (!pending.answered && pending.answers >= pending.need && (!first_hit || answer.live))",
          "if (!pending.answered && pending.answers > pending.need && (!first_hit || answer.live))",
          "core/how many replicas may be down"),

    # ---- dissemination
    Break("a publish misses the last node", ENGINE,
          "for (std::uint32_t to = 0; to < arena_.size(); ++to) {\n    if (to == node",
          "for (std::uint32_t to = 0; to + 1 < arena_.size(); ++to) {\n    if (to == node",
          "world/a message arrives after its latency, a publish at everybody"),
    Break("a rumor goes to one peer less", PUSH,
          "std::span(storage).first(static_cast<std::size_t>(params_.fanout))",
          "std::span(storage).first(static_cast<std::size_t>(params_.fanout - 1))",
          "core/push: blind counting sends k times fanout"),
    Break("a rumor that was heard is new again", PUSH,
          "bool knew = !state.seen.insert(id, static_cast<std::size_t>(params_.window));",
          "bool knew = !state.seen.insert(id, static_cast<std::size_t>(params_.window)) && find_hot(state, id) != nullptr;",
          "core/push: everybody hears it once"),

    # ---- the simulator's order and fingerprint
    Break("ties are broken by insertion", "sim/world/event.hpp",
          "  if (a.dst != b.dst) return a.dst < b.dst;\n  if (a.src != b.src) return a.src < b.src;\n  return a.seq < b.seq;\n",
          "  return false;\n",
          "world/an event is ordered by time, receiver, sender and sequence"),
    Break("senders break ties before receivers", "sim/world/event.hpp",
          "  if (a.dst != b.dst) return a.dst < b.dst;\n  if (a.src != b.src) return a.src < b.src;\n",
          "  if (a.src != b.src) return a.src < b.src;\n  if (a.dst != b.dst) return a.dst < b.dst;\n",
          "world/an event is ordered by time, receiver, sender and sequence"),
    Break("the fingerprint does not see a change of order", ENGINE,
          "sum_ += hash_event(now_ns_, event.dst, event.src, event.seq, type, record.index++);",
          "++record.index;\n  sum_ += hash_event(now_ns_, event.dst, event.src, event.seq, type, 0);",
          "world/the fingerprint sees the order in which a node met"),
    Break("the fingerprint does not see the final states", ENGINE,
          "Node(composition_, const_cast<void*>(arena_.block(i))).digest(hasher);", "hasher.add(i);",
          "world/the fingerprint sees the states"),
    Break("a timer outlives its process", ENGINE,
          "if (!record.running || static_cast<std::int32_t>(event.seq - record.boot_seq) < 0) [[unlikely]]",
          "if (!record.running) [[unlikely]]",
          "world/a timer of a former life never fires"),

    # ---- what is measured
    Break("no read is ever stale", CLIENTS, "  ++stale_;\n", "", "measure/a read is stale only against"),
    Break("a read of what was acknowledged is stale", CLIENTS,
          "!(op.reply.version < acknowledged)", "!(op.reply.version <= acknowledged)",
          "measure/a read is stale only against"),
    Break("no write that nobody holds is lost", CLIENTS, "      ++lost;\n", "", "measure/an acknowledged write that nobody alive holds is lost"),
    Break("no write behind a fast clock's is lost", CLIENTS, "  ++shadowed_;\n", "", "measure/a write behind a fast clock's is lost at once"),

    # ---- sockets, keys and faults of real links
    Break("a signal is an error", SOCKET, "  if (error == EINTR) return std::size_t{0};\n", "",
          "transport/a signal ends a poll early"),
    Break("a message of too many frames is cut short", SOCKET,
          "  if (count > Frames::kMax) return Receipt::kTooLong;\n  frames.size_ = count;",
          "  frames.size_ = std::min(count, Frames::kMax);",
          "transport/a message of too many frames is taken"),
    Break("descriptors are not counted before a context opens", SOCKET,
          "if (const int error = descriptors_missing(needed); error != 0) return zmq_failure(error, kDoing);",
          "(void)needed;", "transport/a full table of descriptors"),
    Break("keys are overwritten", KEY_FILES, "O_CREAT | O_EXCL", "O_CREAT | O_TRUNC",
          "transport/keys are never overwritten"),
    Break("others may read a secret key", KEY_FILES, "read_file(path, S_IRWXG | S_IRWXO,", "read_file(path, 0,",
          "transport/a secret key that others may read"),
    Break("any two keys are a pair", KEY_FILES, " || belongs.data() != pair.public_key", "",
          "transport/a pair that is none"),
    Break("every key is on the list", ZAP,
          "std::binary_search(security_.allowed.begin(), security_.allowed.end(), key)", "true",
          "transport/a stranger's key is refused"),
    Break("who cannot be asked about is let in", ZAP, "const int on = 1;", "const int on = 0;",
          "transport/where no handler answers"),
    Break("a delayed connection is overtaken", FAULTS, "const bool behind = ordered && peer.delayed > 0;",
          "const bool behind = false;", "transport/a zmq link is in order"),
    Break("what a cut holds has no bound", FAULTS, "peer.held.size() < options_.held_per_peer && ", "",
          "transport/beyond a bound the newest is dropped"),
    Break("held messages stay after the heal", FAULTS, "  for (auto& [id, peer] : peers_) release(now, id, peer);\n", "  (void)now;\n",
          "transport/a hold keeps the order"),
    Break("a fault is credited without having bitten", FAULTS,
          "const Passage would_be = passage(to, number, weather_of(peer, event), connection);",
          "const Passage would_be = passage(to, number, weather_of({}, event), connection);",
          "transport/the last rule that sets a value"),
    Break("a broker forwards one way", "transport/broker.cpp",
          "if (auto done = forward(xpub_, xsub_, subscriptions_, subscription_bytes_); !done) return done;", "",
          "transport/two publishers and two subscribers"),

    # ---- rings
    Break("an anchor forgets who took a place over", "core/ring/anchor.cpp",
          "while (cells_[next].left >= left) next = cells_[next].next;", "(void)next;",
          "core/anchor: only the keys of who comes or goes move"),
    Break("a ring has more buckets than it needs", "core/ring/buckets.hpp",
          "if (members <= capacity) return capacity;", "if (members + members / 2 <= capacity) return capacity;",
          "core/anchor: described for the catalogue"),
    Break("replicas end before the last member", "core/ring/owner_placement.cpp",
          "count < wanted && i < slots_.size()", "count < wanted && i + 1 < slots_.size()",
          "core/maglev: all members come as replicas"),
    Break("ketama gives a shared point to the first by id", "core/ring/ketama.cpp",
          "return std::tie(a.host, a.port, a.member) < std::tie(b.host, b.port, b.member);", "return a.member < b.member;",
          "core/ketama: of two servers at one point"),
    Break("a crowded stretch is searched as far as it is indexed", "core/ring/point_placement.cpp",
          "base_[(hash >> shift_) / kBlock + 1]", "base_[(hash >> shift_) / kBlock]", "core/points: and however crowded"),
    Break("too many points are quartered", "core/ring/karger.cpp", "part /= 2) {\n    std::size_t",
          "part /= 4) {\n    std::size_t",
          "core/karger: too many points are halved"),
    Break("a member without a point is forgotten", "core/ring/stathat.cpp",
          "if (!has_point[m]) pointless.push_back(members[m].slot);", "",
          "core/stathat: a member without a point"),
    Break("what is far off theory is not marked", "sim/rings/measure.hpp",
          "return off > kFarOff || off < -kFarOff;", "return off < -kFarOff;",
          "rings/what theory and promises say"),
    Break("the suite lets keys of third members move", "sim/rings/check.cpp",
          "if (a == b || a == kNoSlot ||", "if (a == b || a != kNoSlot ||",
          "rings/modulo disrupts"),

    # ---- rings under gossip
    Break("a history is its last change", HISTORY,
          "  hasher.add(own.history);\n", "",
          "core/placement history: another order is another placement"),
    Break("the ring hears of no change", "core/protocol/node.cpp",
          "        step.placements().change(step.view(), std::span(changes).subspan(placed));\n", "",
          "world/nodes that saw departures in another order"),
    Break("misrouting is the first event's for ever", MISROUTES,
          "  if (opened_ != now_) close_window();\n", "",
          "measure/a second of misrouting is that of the last event"),
    Break("a reader reads where the writer wrote", QUORUM,
          "choose(b - both, r)", "choose(b, r)",
          "measure/quorums of what two nodes know"),
]
