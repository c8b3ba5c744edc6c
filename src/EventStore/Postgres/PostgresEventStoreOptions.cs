namespace Waybill.EventStore.Postgres;

/// <summary>How the PostgreSQL store is set up.</summary>
public sealed record PostgresEventStoreOptions : EventStoreOptions
{
    /// <summary>
    /// Npgsql's form: <c>Host=...;Database=...;Username=...;Password=...</c>. <c>Search Path</c> chooses the schema.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// How long connecting, and each statement, may take: whole seconds. The server is given three quarters of it, so
    /// that one which is only slow says so itself, and the connection lives on.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    // A record writes out its members wherever it is logged; the connection string holds a password.
    /// <inheritdoc/>
    public override string ToString() => nameof(PostgresEventStoreOptions);
}
