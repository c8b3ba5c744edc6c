# Sourced by run, test, .ci/run and bench/run: sets up .NET, picks the Orleans to build on (docs/adr/0001), restores and
# builds. Sets and exports ORLEANS_ENGINE, which Directory.Build.props reads. Expects the repository root as working directory.

engine_file=.orleans-engine

# A source that cannot be reached is to be noticed at once: NuGet's own six attempts take many seconds.
export NUGET_ENABLE_ENHANCED_HTTP_RETRY=true
export NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT="${NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT:-2}"
export NUGET_ENHANCED_NETWORK_RETRY_DELAY_MILLISECONDS="${NUGET_ENHANCED_NETWORK_RETRY_DELAY_MILLISECONDS:-200}"

# Nothing here is written in a language of its own, and a slim Debian lacks ICU, without which .NET would not start.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"

# Bytes, in hexadecimal: what the collector lets threads allocate before it stops them all (docs/operations.md).
export DOTNET_GCgen0size="${DOTNET_GCgen0size:-2000000}"

die() { echo "$*" >&2; exit 1; }

command -v dotnet > /dev/null || die "The .NET SDK is missing: install .NET 10 from https://dotnet.microsoft.com/download."

# The environment or an earlier choice names the engine; else it is Packages where these restore, and Embedded elsewhere.
pick_engine() {
  local why='set by ORLEANS_ENGINE'
  if [[ -z ${ORLEANS_ENGINE:-} && -f $engine_file ]]; then
    ORLEANS_ENGINE=$(< $engine_file) why="remembered in $engine_file"
  fi
  [[ -n ${ORLEANS_ENGINE:-} ]] || try_packages
  export ORLEANS_ENGINE
  [[ $ORLEANS_ENGINE == Embedded || $ORLEANS_ENGINE == Packages ]] ||
    die "The engine is '$ORLEANS_ENGINE' ($why); it must be Embedded or Packages."
  echo "Engine: $ORLEANS_ENGINE ($why)."
}

# Sets ORLEANS_ENGINE and, for pick_engine, why. Only a source that lacks packages says no for good; after any
# other failure it is asked again next time.
try_packages() {
  # 60 s: a network that swallows packets must not hold up a first start for ever.
  if restore Packages 60; then
    ORLEANS_ENGINE=Packages why='Orleans restores from the package source'
  else
    ORLEANS_ENGINE=Embedded why=$restore_problem
    [[ -n $missing ]] || { why+=', so Packages could not be tried; not remembered'; return; }
  fi
  echo "$ORLEANS_ENGINE" > $engine_file
  why+="; remembered in $engine_file"
}

# restore ENGINE SECONDS: restores every project. On failure $restore_problem says why in one line, and
# $missing lists the packages that the source lacks, if that is why.
restore() {
  local log code
  missing='' restore_problem=''
  log=$(ORLEANS_ENGINE=$1 timeout "$2" dotnet restore Orleans.sln --verbosity quiet 2>&1) && return
  code=$?
  missing=$(grep -oE 'NU110[123]: Unable to find (a stable )?package [A-Za-z0-9.]+' <<< "$log" |
            sed -E 's/.* //; s/\.$//' | sort -u) || true
  if [[ $code == 124 || $log == *NU1301* ]]; then
    restore_problem='the package source cannot be reached' missing=''
  elif [[ -n $missing ]]; then
    local example; example=$(grep -m1 Orleans <<< "$missing") || example=$(head -1 <<< "$missing")
    restore_problem="the package source lacks $(wc -l <<< "$missing") packages, such as $example"
  else
    restore_problem=$(grep -m1 -w error <<< "$log") || restore_problem=$(head -1 <<< "$log")
    restore_problem="dotnet restore failed: $restore_problem"
  fi
  return 1
}

# Restores for the picked engine, or ends with one line that says what is the matter.
restore_or_die() {
  restore "$ORLEANS_ENGINE" 600 && return
  local advice=''
  [[ $ORLEANS_ENGINE == Packages ]] && advice=' ORLEANS_ENGINE=Embedded builds without the Orleans packages.'
  die "Cannot restore for the engine $ORLEANS_ENGINE: $restore_problem.$advice"
}

# build PROJECT-OR-SOLUTION: builds what is restored, without a word unless something is wrong (which dotnet build cannot).
build() { dotnet msbuild "$1" -nologo -verbosity:quiet -maxcpucount -property:Configuration=Release; }
