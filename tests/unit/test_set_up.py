"""What `./run test` does with the daemons that apt installs for the tests: none runs because of it, now or later."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = "npm redis-server rabbitmq-server iproute2"
INIT = ["systemctl", "update-rc.d"]


def part_of_run(policy: Path) -> str:
    """Its functions for system packages, with the policy elsewhere."""
    found = re.search(
        r"^install_system\(\).*?(?=^install_python\(\))", (ROOT / "run").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None
    return found[0].replace("policy=/usr/sbin/policy-rc.d", f"policy='{policy}'")


def call(folder: Path, there: list[str], packages: str, between: str = ":") -> list[str]:
    """Do what is done before and after apt, on a machine that has the given programs; what they were asked."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("tee", "chmod", "rm", "sh", "grep", "cp"):
        (programs / name).symlink_to(str(shutil.which(name)))
    for name in there:
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{folder}/asked"\n')
        (programs / name).chmod(0o755)
    script = f'sudo=\nlogged() {{ "$@"; }}\n{part_of_run(folder / "policy")}\n'
    script += f"keep_daemons_down {packages}\n{between}\nforget_daemons {packages}\n"
    environment = {"PATH": str(programs), "folder": str(folder)}
    subprocess.run(["/bin/sh", "-euc", script], env=environment, check=True, timeout=60)
    asked = folder / "asked"
    return asked.read_text().splitlines() if asked.exists() else []


@pytest.mark.parametrize("init", INIT)
def test_no_daemon_is_left_to_start_with_the_next_boot(tmp_path: Path, init: str) -> None:
    """Also where systemd has not booted, as in an image that is being made."""
    asked = call(tmp_path, [init], PACKAGES)
    expected = {
        "systemctl": [
            "systemctl disable --quiet redis-server",
            "systemctl disable --quiet rabbitmq-server",
            "systemctl disable --quiet epmd.socket",
            "systemctl disable --quiet epmd.service",
        ],
        "update-rc.d": ["update-rc.d redis-server disable", "update-rc.d rabbitmq-server disable"],
    }
    assert asked == expected[init]


def test_what_was_there_before_is_left_alone(tmp_path: Path) -> None:
    assert call(tmp_path, INIT[:1], "npm iproute2") == [] and not (tmp_path / "policy").exists()


@pytest.mark.parametrize("left", [False, True], ids=["first", "after-an-interrupted-one"])
def test_no_daemon_starts_while_apt_is_at_work_and_the_policy_goes_again(tmp_path: Path, left: bool) -> None:
    if left:
        (tmp_path / "before").mkdir()
        call(tmp_path / "before", INIT, PACKAGES, 'cp "$folder/policy" "$folder/left"')
        shutil.copy(tmp_path / "before/left", tmp_path / "policy")
    between = 'code=0; "$folder/policy" redis-server start || code=$?; echo "$code" >"$folder/code"'
    call(tmp_path, INIT, PACKAGES, between)
    assert (tmp_path / "code").read_text() == "101\n" and not (tmp_path / "policy").exists()


def test_somebody_elses_policy_stays(tmp_path: Path) -> None:
    (tmp_path / "policy").write_text("#!/bin/sh\nexit 0\n")
    call(tmp_path, INIT, PACKAGES)
    assert (tmp_path / "policy").read_text() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize(
    ("packages", "units"),
    [
        (PACKAGES, "redis-server rabbitmq-server epmd.socket epmd.service"),
        ("redis-server", "redis-server"),
        ("npm", None),
    ],
)
def test_who_may_not_install_is_told_of_the_daemons_too(tmp_path: Path, packages: str, units: str | None) -> None:
    for name, says in {"id": "1000", "apt-get": ""}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / name).chmod(0o755)
    script = f'say() {{ echo "$*"; }}\n{part_of_run(tmp_path / "policy")}\ninstall_system {packages}\n'
    done = subprocess.run(
        ["/bin/sh", "-euc", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3 and f"--no-install-recommends {packages}'" in done.stdout
    told = [line.split("--now ")[1].strip() for line in done.stdout.splitlines() if "systemctl disable" in line]
    assert told == ([units] if units else [])
