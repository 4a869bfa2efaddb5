"""What a node must refuse, and in which form. PURE."""

from urllib.parse import parse_qs, urlsplit

from hashsets.conformance.asking import Node
from hashsets.conformance.checking import NotApplicable, check, require
from hashsets.conformance.service_checks import require_error

UNSUPPORTED = (
    "$filter=contains(Category,'1')",
    "$filter=Category eq '1' or Category eq '2'",
    "$filter=not (Trust eq 'trusted')",
    "$filter=MD5 eq 'FA4E'",
    "$orderby=Seq",
    "$expand=Media",
    "$search=fa4e",
    "$skip=1",
)
NOBODY = "00000000-fa4e-4000-8000-0000000000ff"


@check("4.1", "answers 404, in the form of errors, for what is not there or not shared")
def not_there(node: Node) -> None:
    for address in (f"HashSets({NOBODY})", f"HashSets({NOBODY})/Media", f"Media({NOBODY})"):
        require_error(node.get(address).require(404))


@check("4.1", "answers 501 with the list of what is supported for the rest of OData")
def unsupported(node: Node) -> None:
    for query in UNSUPPORTED:
        answer = node.get(f"{node.media()}?{query}").require(501)
        require_error(answer)
        require(answer.json()["error"]["details"], f"The 501 to {query} lists nothing that is supported")


@check("4.1", "answers 400 to a filter, a $top or a link that cannot be read")
def unreadable(node: Node) -> None:
    for query in (
        "$filter=Trust eq",
        "$filter=Trust eq 'a",
        "$top=-1",
        "$top=many",
        "$skiptoken=fa4e",
        "$deltatoken=fa4e",
    ):
        require_error(node.get(f"{node.media()}?{query}").require(400))


@check("4.3", "refuses a token of a link of which one character is another")
def tampered(node: Node) -> None:
    page = node.get(node.media(), prefer="odata.track-changes, odata.maxpagesize=1").require(200).json()
    links = [page[name] for name in ("@odata.nextLink", "@odata.deltaLink") if name in page]
    for link in links:
        name, word = _token(link)
        for at in (0, len(word) // 2, len(word) - 2):
            other = word[:at] + ("A" if word[at] != "A" else "B") + word[at + 1 :]
            answer = node.ask("GET", link.split("?")[0] + f"?{name}={other}")
            require(answer.status == 400, f"A changed {name} is answered {answer.status}")


@check("4.3", "refuses the token of one set at another, and one kind of token in the place of the other")
def misplaced(node: Node) -> None:
    pages = node.pages(node.media(), prefer="odata.track-changes, odata.maxpagesize=10000")
    _name, word = _token(pages[-1]["@odata.deltaLink"])
    require_error(node.get(f"{node.media()}?$skiptoken={word}").require(400))
    others = [one for one in node.get("HashSets").require(200).json()["value"] if one["SetID"] != node.set()["SetID"]]
    if not others:
        raise NotApplicable("only one set is shared with this credential")
    require_error(node.get(f"HashSets({others[0]['SetID']})/Media?$deltatoken={word}").require(400))


@check("4.1", "answers 405 to a method that an address does not have")
def wrong_method(node: Node) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = node.ask(method, "HashSets").require(405)
        require("GET" in answer.headers.get("allow", ""), "A 405 does not say which methods are allowed")
        require_error(answer)


@check("4.6", "passes over query options without a dollar")
def foreign_option(node: Node) -> None:
    node.get("HashSets?nobody=knows").require(200)


def _token(link: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(link).query)
    name = next(one for one in ("$skiptoken", "$deltatoken") if one in query)
    return name, query[name][0]
