# Sourced by the scripts beside it. A temporary folder takes the packages and goes at the end.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# Install NAME==VERSION ... into a new environment; `$python` is its interpreter.
packages() {
    "${PYTHON:-python3}" -m venv "$folder/venv"
    python="$folder/venv/bin/python"
    "$python" -m pip --quiet --disable-pip-version-check install "$@"
}
