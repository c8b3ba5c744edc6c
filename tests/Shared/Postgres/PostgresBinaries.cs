using System.Globalization;

namespace Waybill.Tests.Postgres;

/// <summary>PostgreSQL's programs as installed on this machine.</summary>
internal static class PostgresBinaries
{
    // Where Debian, Red Hat, and Homebrew put each version; then whatever is on the path.
    private static readonly string[] Parents =
        ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

    /// <summary>The directory of the newest version that can make a server; null if there is none.</summary>
    public static string? Find() => Candidates().FirstOrDefault(
        directory => File.Exists(Path.Combine(directory, "initdb")) && File.Exists(Path.Combine(directory, "pg_ctl")));

    private static IEnumerable<string> Candidates() => Parents
        .Where(Directory.Exists)
        .SelectMany(Directory.EnumerateDirectories)
        .Select(directory => (Directory: directory, Version: Version(Path.GetFileName(directory))))
        .Where(found => found.Version >= 15)
        .OrderByDescending(found => found.Version)
        .Select(found => Path.Combine(found.Directory, "bin"))
        .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator));

    // 15, pgsql-15, postgresql@15.
    private static int Version(string name) =>
        int.TryParse(name.Split('-', '@')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;
}
