"""Copy the manifests that the package needs as well into this folder."""

from pathlib import Path

from course_lib.cluster.packaged import packaged

COPIES = ("shop", "shop-policies", "trouble", "web")

if __name__ == "__main__":
    for name in COPIES:
        Path(__file__).with_name(f"{name}.yaml").write_text(packaged(name), encoding="utf-8")
