# Sourced by quickstart and examples/run, which set root and program: checks for the tools, and
# builds the examples when that was not done yet or sources have changed since.

target=$root/examples/target
classpath=$target/classpath.txt
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# for a quick start, and without the warnings of newer JDKs about libraries
jvm_options='-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+IgnoreUnrecognizedVMOptions
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow'

say() {
  echo "$program: $*" >&2
}

fail() {
  say "$*"
  exit 1
}

check_tools() {
  command -v "$java" >/dev/null 2>&1 ||
    fail "no JDK found: $java (expected: JDK 17 or newer, on PATH or at JAVA_HOME)"
  version=$("$java" -version 2>&1 | sed -n 's/.* version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')
  [ "${version:-0}" -ge 17 ] ||
    fail "Java ${version:-of unknown version} found: $java (expected: JDK 17 or newer)"
  command -v "${java}c" >/dev/null 2>&1 ||
    fail "a Java runtime without a compiler found: $java (expected: JDK 17 or newer)"
  command -v mvn >/dev/null 2>&1 ||
    fail "no Maven found: mvn (expected: Maven 3.8.7 or newer, on PATH)"
}

is_built() (
  [ -s "$classpath" ] && [ -d "$target/classes" ] || exit 1
  cd "$root" || exit 1
  for module in testkit core grpc kitex examples; do
    changed=$(find pom.xml $module/pom.xml $module/src/main -newer "$classpath" | head -n 1)
    [ -z "$changed" ] || exit 1
  done
  IFS=:
  for entry in $(cat "$classpath"); do
    [ -e "$entry" ] || exit 1
  done
)

# The log's last module, and how much was downloaded.
progress() {
  module=$(sed -n 's/.*Building \([a-z]*\) .*\[\(.*\)\]$/\1 (\2)/p' "$target/build.log" | tail -n 1)
  files=$(grep -c 'Downloaded from' "$target/build.log")
  line="building ${module:-...}"
  [ "$files" -eq 0 ] || line="$line, $files files downloaded"
  if [ -t 2 ]; then
    printf '\r\033[K%s: %s' "$program" "$line" >&2
  elif [ "$line" != "${shown:-}" ]; then
    say "$line"
    shown=$line
  fi
}

end_progress() {
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

stop_maven() {
  trap - INT TERM HUP
  kill "$maven" 2>/dev/null
  wait "$maven"
  end_progress
  fail "the build was stopped"
}

# In the background, because a shell that waits for a foreground process hears no signal.
build() {
  : >"$target/build.log"
  (
    cd "$root" &&
      exec mvn -B -pl examples -am process-classes -Dspotless.check.skip -Denforcer.skip \
        -Djacoco.skip
  ) >"$target/build.log" 2>&1 </dev/null 9>&- &
  maven=$!
  trap stop_maven INT TERM HUP
  while kill -0 "$maven" 2>/dev/null; do
    progress
    sleep 1
  done
  end_progress
  if ! wait "$maven"; then
    grep -m 10 -e '^\[ERROR\]' -e '^Error' "$target/build.log" >&2
    fail "the build failed; all it said is in $target/build.log"
  fi
  trap - INT TERM HUP
  say "built"
}

# One build at a time, whoever starts it.
ensure_built() {
  is_built && return
  check_tools
  mkdir -p "$target"
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$target/build.lock"
    flock -n 9 || { say "waiting for another build" && flock 9; }
  fi
  is_built || build
  exec 9>&-
}
