"""The payloads that programs post to a hook: our own JSON, and the formats of services that can't be configured.

No field is trusted to be there, or to have the right type.

https://docs.github.com/webhooks/webhook-events-and-payloads (Gitea and Forgejo send the same),
https://docs.gitlab.com/user/project/integrations/webhook_events/,
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (Grafana sends more of the same),
https://api.slack.com/messaging/webhooks.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from greenchat.protocol.http_head import RequestHead

_SHOWN = 5  # commits or alerts; the others are counted
_LONGEST = 300  # characters of a title, a commit or an alert
_LINK = re.compile(r"<([^<>|\s]+)\|([^<>|]*)>|<((?:https?|mailto):[^<>|\s]+)>")
_DONE = {"open": "opened", "close": "closed", "reopen": "reopened", "merge": "merged"}
_TOLD = frozenset(("opened", "closed", "reopened", "merged"))
_SLACK = frozenset(("attachments", "blocks", "username", "icon_emoji", "icon_url", "channel"))


@dataclass(frozen=True, slots=True)
class Post:
    """A text, its sender, and the message that it answers: see `say_by_hook`. text: "" for nothing."""

    name: str
    text: str
    thread: str = ""


class ShapeError(Exception):
    """A body without a message; the text says why."""


def read_post(head: RequestHead, body: object) -> Post:
    """Return the message in a JSON body. Raises ShapeError."""
    if not isinstance(body, dict):
        raise ShapeError("The body must be a JSON object")
    body = {name: each for name, each in body.items() if each is not None}  # programs send unknown fields as null
    for name, field in ("Gitea", "x-gitea-event"), ("GitHub", "x-github-event"):
        if event := head.get(field):
            return Post(name, "\n".join(_github(event, body)))
    if head.get("x-gitlab-event"):
        return Post("GitLab", "\n".join(_gitlab(body)))
    if isinstance(body.get("alerts"), list):
        name = "Grafana" if "orgId" in body else "Alertmanager"
        return Post(name, "\n".join(_alerts(body["alerts"])))
    if not _SLACK.isdisjoint(body):
        return Post(_text(body, "username"), "\n".join(filter(None, _slack(body))), _text(body, "thread"))
    for field in "text", "name", "thread":
        if not isinstance(body.get(field, ""), str):
            raise ShapeError(f"{field} must be a string")
    if not _text(body, "text").strip():
        raise ShapeError('A text is required, like {"text": "hello"}')
    return Post(_text(body, "name"), _text(body, "text"), _text(body, "thread"))


def _at(value: object, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: object, *path: str) -> str:
    """Return the value if it is a string, or else ""."""
    leaf = _at(value, *path)
    return leaf if isinstance(leaf, str) else str(leaf) if type(leaf) is int else ""


def _short(text: str) -> str:
    """Return the first line, cut if it is too long."""
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _github(event: str, body: dict[str, Any]) -> Iterator[str]:
    repository = f"[{_short(_text(body, 'repository', 'full_name'))}]"
    who = _short(_text(body, "sender", "login")) or "somebody"
    if event == "push":
        who = _short(_text(body, "pusher", "name") or _text(body, "pusher", "login")) or who
        url = _text(body, "compare") or _text(body, "compare_url")
        commits = _items(body.get("commits"))
        yield from _push(repository, who, _text(body, "ref"), commits, len(commits), url, body.get("deleted") is True)
    elif event in ("issues", "pull_request"):
        kind, what = ("issue", "issue") if event == "issues" else ("pull_request", "pull request")
        about = _at(body, kind)
        action = "merged" if _at(about, "merged") is True else _text(body, "action")
        if action in _TOLD and _text(body, "action") in _TOLD:
            yield _event_line(repository, who, action, f"{what} #{_text(about, 'number')}", about, "html_url")


def _gitlab(body: dict[str, Any]) -> Iterator[str]:
    project = f"[{_short(_text(body, 'project', 'path_with_namespace'))}]"
    kind = _text(body, "object_kind")
    if kind in ("push", "tag_push"):
        commits = _items(body.get("commits"))
        total = body.get("total_commits_count")
        count = total if type(total) is int and 0 <= total < 1_000_000_000 else len(commits)
        who = _short(_text(body, "user_name")) or "somebody"
        is_gone = _text(body, "after").strip("0") == "" and "after" in body
        yield from _push(project, who, _text(body, "ref"), commits, count, _text(body, "project", "web_url"), is_gone)
    elif kind in ("issue", "merge_request"):
        about = _at(body, "object_attributes")
        action = _DONE.get(_text(about, "action"))
        if action:
            what, sign = ("issue", "#") if kind == "issue" else ("merge request", "!")
            who = _short(_text(body, "user", "name")) or "somebody"
            yield _event_line(project, who, action, f"{what} {sign}{_text(about, 'iid')}", about, "url")


def _push(
    repository: str, who: str, ref: str, commits: list[Any], count: int, url: str, is_gone: bool
) -> Iterator[str]:
    branch = _short(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    if is_gone:
        yield f"{repository} {who} deleted {branch}"
        return
    many = f"{count} commit{'s' * (count != 1)} to {branch}" if count else branch
    yield f"{repository} {who} pushed {many} {_short(url)}".rstrip()
    for commit in commits[:_SHOWN]:
        author = _short(_text(commit, "author", "name"))
        yield f"{_text(commit, 'id')[:8]} {_short(_text(commit, 'message'))}{f' ({author})' if author else ''}".strip()
    if count > _SHOWN:
        yield f"... and {count - _SHOWN} more"


def _event_line(repository: str, who: str, action: str, what: str, about: object, url: str) -> str:
    return f"{repository} {who} {action} {what}: {_short(_text(about, 'title'))} {_short(_text(about, url))}".rstrip()


def _alerts(alerts: list[Any]) -> Iterator[str]:
    for alert in alerts[:_SHOWN]:
        labels, notes = _at(alert, "labels"), _at(alert, "annotations")
        head = f"[{_short(_text(alert, 'status')) or 'firing'}] {_short(_text(labels, 'alertname'))}"
        about = [_short(_text(labels, name)) for name in ("severity", "instance")]
        summary = _short(_text(notes, "summary") or _text(notes, "description"))
        yield f"{head} {' '.join(filter(None, about))}".rstrip() + (f": {summary}" if summary else "")
    if len(alerts) > _SHOWN:
        yield f"... and {len(alerts) - _SHOWN} more"


def _slack(body: dict[str, Any]) -> Iterator[str]:
    text = _text(body, "text")
    yield _unmarked(text)
    if not text:  # "used as a fallback string to display in notifications" with blocks
        for block in _items(body.get("blocks")):
            yield _unmarked(_text(block, "text", "text"))
    for each in _items(body.get("attachments")):
        title = f"{_text(each, 'title')} {_text(each, 'title_link')}".strip()
        parts = [_unmarked(part) for part in (_text(each, "pretext"), title, _text(each, "text")) if part]
        yield "\n".join(parts) or _unmarked(_text(each, "fallback"))


def _unmarked(text: str) -> str:
    """Return a Slack text with readable links, and its three escaped characters decoded."""
    return html.unescape(_LINK.sub(lambda match: f"{match[2]} ({match[1]})" if match[1] else match[3], text))
