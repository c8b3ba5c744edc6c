namespace Waybill.EventStore;

/// <summary>
/// A store's embedded SQL: a file per statement in <c>Sql/</c>, one per schema version in <c>Schema/</c>.
/// </summary>
/// <param name="store">The folder of the store.</param>
internal sealed class SqlFiles(string store)
{
    private readonly string _prefix = $"Waybill.EventStore.{store}.";

    /// <summary>The schema versions in order: the first makes version 1 of an empty database, and so on.</summary>
    public IReadOnlyList<string> SchemaVersions => field ??=
    [
        .. typeof(SqlFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(_prefix + "Schema.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Read),
    ];

    /// <summary>The text of one statement.</summary>
    public string Statement(string name) => Read($"{_prefix}Sql.{name}.sql");

    private static string Read(string resource)
    {
        using var stream = typeof(SqlFiles).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"There is no embedded resource {resource}.");
        return new StreamReader(stream).ReadToEnd();
    }
}
