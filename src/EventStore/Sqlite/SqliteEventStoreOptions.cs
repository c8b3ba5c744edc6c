namespace Waybill.EventStore.Sqlite;

/// <summary>How the SQLite store is set up.</summary>
public sealed record SqliteEventStoreOptions
{
    /// <summary>The database file; its directory must exist. SQLite's side files and a lock lie beside it.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// How many appends may wait for the writer before further ones are refused: about a second's work of a slow disk,
    /// so that whoever is let in can be answered in time.
    /// </summary>
    public int WaitingMax { get; init; } = 10_000;

    /// <summary>How many appends one commit takes at most, so that its first does not wait for too many.</summary>
    public int BatchMax { get; init; } = 1_000;
}
