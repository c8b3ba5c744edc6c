namespace Waybill.EventStore.Relational;

/// <summary>
/// A store's embedded SQL: a file per statement in <c>Sql/</c>, one per schema version in <c>Schema/</c>. What both
/// stores say in the same words stands in <c>Relational/Sql/</c>.
/// </summary>
/// <param name="store">The folder of the store.</param>
internal sealed class SqlFiles(string store)
{
    private const string Root = "Waybill.EventStore.";

    private readonly string _prefix = $"{Root}{store}.";

    /// <summary>The schema versions in order: the first makes version 1 of an empty database, and so on.</summary>
    public IReadOnlyList<string> SchemaVersions => field ??=
    [
        .. typeof(SqlFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(_prefix + "Schema.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => Read(Find(name)!)),
    ];

    /// <summary>The text of one statement.</summary>
    public string Statement(string name) =>
        Read(Find($"{_prefix}Sql.{name}.sql") ?? Find($"{Root}Relational.Sql.{name}.sql")
            ?? throw new InvalidOperationException($"There is no statement {name}."));

    private static Stream? Find(string resource) => typeof(SqlFiles).Assembly.GetManifestResourceStream(resource);

    private static string Read(Stream text)
    {
        using var reader = new StreamReader(text);
        return reader.ReadToEnd();
    }
}
