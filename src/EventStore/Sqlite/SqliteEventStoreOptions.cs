namespace Waybill.EventStore.Sqlite;

/// <summary>How the SQLite store is set up.</summary>
public sealed record SqliteEventStoreOptions : EventStoreOptions
{
    /// <summary>The database file; its directory must exist. SQLite's side files and a lock lie beside it.</summary>
    public required string Path { get; init; }
}
