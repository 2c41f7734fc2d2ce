"""The scenarios that the reference page shows with expectations meet them."""
import re
import unittest
from pathlib import Path

import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scenario.md"


class Reference(cli.CliTest):
    def test_what_an_example_expects_comes_about(self):
        examples = [text for text in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
                    if "[[expect]]" in text]
        self.assertGreaterEqual(len(examples), 2)
        for text in examples:
            with self.subTest(example=text):
                # Whoever tries one that says nothing of how long it is gives it a minute.
                self.write("small.toml", text if "duration" in text else 'duration = "60s"\n' + text)
                self.succeeds("run", "small.toml", "--quiet")


if __name__ == "__main__":
    cli.main()
