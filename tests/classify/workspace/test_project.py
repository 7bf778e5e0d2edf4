"""Which project of Label Studio is the workspace's own, whatever happens to it there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from classify.workspace.project import (
    KnownProject,
    find_connected,
    find_own_project,
    remember_project,
    require_own_project,
)
from labels.annotations import Annotation, write_annotations
from labels.studio.client import Studio
from labels.studio.connection import StudioSettings
from labels.studio.errors import MissingError
from seeds.base.errors import InputError
from tests.support.impostor import KEY, Handler, Impostor, impostor
from tests.support.proxy import SETTINGS

OURS = replace(SETTINGS, title="Presse", retries=0)


class Projects:
    """A Label Studio that has nothing but projects: id -> title and time of creation."""

    def __init__(self, server: Impostor) -> None:
        self.by_id: dict[int, tuple[str, str]] = {}
        server.lies = {"/api/projects/": self.answer_list}
        server.lies |= {f"/api/projects/{number}/": self.answer_one for number in range(1, 10)}
        self.studio = Studio.connect(server.url, KEY, OURS)

    def add(self, number: int, title: str = "Presse", created: str = "2026-11-01") -> None:
        self.by_id[number] = (title, f"{created}T10:00:00.123456Z")

    def record(self, number: int) -> dict[str, Any]:
        title, created = self.by_id[number]
        return {"id": number, "title": title, "created_at": created}

    def answer_list(self, handler: Handler) -> None:
        part = parse_qs(urlsplit(handler.path).query)["title"][0].lower()
        results = [self.record(n) for n, (title, _) in self.by_id.items() if part in title.lower()]
        handler.answer(json.dumps({"count": len(results), "results": results}).encode())

    def answer_one(self, handler: Handler) -> None:
        number = int(handler.path.split("/")[3])
        if number not in self.by_id:
            return handler.answer(b'{"detail": "Not found."}', 404)
        return handler.answer(json.dumps(self.record(number)).encode())

    def find(self, workspace: Path, settings: StudioSettings = OURS) -> int | None:
        own = find_own_project(workspace, self.studio, settings)
        return own.id if own else None

    def remember(self, workspace: Path, settings: StudioSettings = OURS) -> int:
        project = require_own_project(workspace, self.studio, settings)
        remember_project(workspace, self.studio, settings, project)
        return project.id


@pytest.fixture
def here() -> Iterator[Projects]:
    with impostor() as server:
        yield Projects(server)


@pytest.fixture
def there() -> Iterator[Projects]:
    with impostor() as server:
        yield Projects(server)


def test_a_workspace_that_never_had_a_project_finds_one_by_its_title(
    here: Projects, tmp_path: Path
) -> None:
    assert here.find(tmp_path) is None
    with pytest.raises(MissingError, match=r"'Presse' does not exist\. Run `classify labels push`"):
        require_own_project(tmp_path, here.studio, OURS)
    here.add(3, "Presse 2")
    here.add(4)
    assert here.find(tmp_path) == 4
    assert list(tmp_path.iterdir()) == [], "to look changes nothing"
    assert here.remember(tmp_path) == 4
    assert json.loads((tmp_path / "project.json").read_text()) == {
        "studio": here.studio.url,
        "id": 4,
        "created": "2026-11-01T10:00:00.123456Z",
        "title": "Presse",
    }


def test_a_renamed_project_is_found_by_its_id(
    here: Projects, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.add(4)
    here.remember(tmp_path)
    here.add(4, "Presse régionale")
    assert here.find(tmp_path) == here.remember(tmp_path) == 4
    note = capsys.readouterr().err
    assert "project 'Presse' is now called 'Presse régionale' in Label Studio" in note
    assert f"set title in {tmp_path / 'labelstudio.toml'}" in note
    here.add(5)  # somebody takes the old title for another project
    assert here.find(tmp_path) == 4
    here.add(6, "Presse régionale")
    followed = replace(OURS, title="Presse régionale")
    assert here.remember(tmp_path, followed) == 4
    capsys.readouterr()
    assert here.find(tmp_path, followed) == 4
    assert capsys.readouterr().err == ""


def test_a_title_that_is_changed_in_the_settings_finds_another_project_or_none(
    here: Projects, tmp_path: Path
) -> None:
    here.add(4)
    here.add(5, "Dépêches")
    here.remember(tmp_path)
    write_annotations(tmp_path, [Annotation("0" * 16, "lea@b.fr", ())])
    assert here.find(tmp_path, replace(OURS, title="Brèves")) is None
    assert here.remember(tmp_path, replace(OURS, title="Dépêches")) == 5
    assert here.find(tmp_path, replace(OURS, title="Dépêches")) == 5


def test_a_deleted_project_is_said_so_and_none_is_made_without_a_word(
    here: Projects, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.add(4)
    here.remember(tmp_path)
    del here.by_id[4]
    for find in (find_own_project, require_own_project):
        with pytest.raises(MissingError) as caught:
            find(tmp_path, here.studio, OURS)
        assert str(caught.value) == (
            f"{here.studio.url}: project 4, 'Presse', was deleted. To send all articles to a new "
            "one, run `classify labels push --new-project`."
        )
    here.add(8, created="2026-11-05")  # a colleague makes it again
    assert here.remember(tmp_path) == 8
    assert "project 4 was deleted; project 8 has its title" in capsys.readouterr().err
    assert here.find(tmp_path) == 8
    assert capsys.readouterr().err == ""


def test_a_new_database_at_the_address_may_give_the_id_to_another_project(
    here: Projects, tmp_path: Path
) -> None:
    here.add(4)
    here.remember(tmp_path)
    here.add(4, "Vidéos", created="2026-11-09")
    with pytest.raises(MissingError, match="was deleted"):
        here.find(tmp_path)


def test_an_id_of_another_server_is_not_confused(
    here: Projects, there: Projects, tmp_path: Path
) -> None:
    here.add(4)
    here.remember(tmp_path)
    there.add(4, "Vidéos", created="2026-10-01")
    assert there.find(tmp_path) is None
    there.add(6, created="2026-11-02")
    assert there.remember(tmp_path) == 6
    assert here.find(tmp_path) == 4, "by its title"


def test_a_server_that_moved_has_the_project_still(
    here: Projects, there: Projects, tmp_path: Path
) -> None:
    here.add(4)
    here.remember(tmp_path)
    there.by_id = {4: ("Presse régionale", here.by_id[4][1])}
    assert there.find(tmp_path) == 4


def test_a_workspace_of_an_earlier_version_is_asked_whether_its_project_was_renamed(
    here: Projects, tmp_path: Path
) -> None:
    write_annotations(tmp_path, [Annotation("0" * 16, "import:a.csv", ())])
    assert here.find(tmp_path) is None
    write_annotations(tmp_path, [Annotation("0" * 16, "lea@b.fr", ())])
    here.add(4, "Nouvelle presse")
    with pytest.raises(MissingError, match="Was it renamed") as caught:
        here.find(tmp_path)
    assert f"set title in {tmp_path / 'labelstudio.toml'}" in str(caught.value)
    assert "`classify labels push --new-project`" in str(caught.value)
    assert here.remember(tmp_path, replace(OURS, title="Nouvelle presse")) == 4


def test_two_projects_of_one_title_are_told_apart_by_the_known_id_alone(
    here: Projects, tmp_path: Path
) -> None:
    here.add(4)
    here.remember(tmp_path)
    here.add(5, created="2026-11-02")
    assert here.find(tmp_path) == 4
    (tmp_path / "project.json").unlink()
    with pytest.raises(InputError, match="projects 4, 5 are all called 'Presse'"):
        here.find(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"studio": 5, "id": "x"}', '{"id": 1}'])
def test_a_damaged_file_says_how_to_go_on(here: Projects, tmp_path: Path, content: str) -> None:
    (tmp_path / "project.json").write_text(content)
    with pytest.raises(InputError, match=r"project\.json"):
        here.find(tmp_path)


def test_a_service_is_connected_to_one_project_of_one_server(
    here: Projects, there: Projects
) -> None:
    for server, day in ((here, "2026-11-01"), (there, "2026-11-02")):
        server.add(4, created=day)
    old = KnownProject(here.studio.url, 4)  # as an earlier version kept it
    new = KnownProject(here.studio.url, 4, here.record(4)["created_at"])
    for connected in (old, new):
        assert find_connected(here.studio, connected).id == 4
        with pytest.raises(InputError, match=r"does not have project 4 of .*labels connect` again"):
            find_connected(there.studio, connected)
