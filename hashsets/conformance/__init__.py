"""Whether a node keeps the protocol (docs/protocol.md), asked over HTTP alone. PURE: knows nothing of how it is made.

Each check is a function of a module here, with the clause it proves. It raises what it found, or returns.
"""

from hashsets.conformance import asking_checks, opinion_checks, page_checks, refusal_checks, service_checks
from hashsets.conformance.asking import Credential, Node
from hashsets.conformance.running import Outcome, Verdict, run
from hashsets.conformance.telling import as_json, as_markdown

MODULES = (service_checks, page_checks, refusal_checks, asking_checks, opinion_checks)  # in the order of the report

__all__ = ["MODULES", "Credential", "Node", "Outcome", "Verdict", "as_json", "as_markdown", "run"]
