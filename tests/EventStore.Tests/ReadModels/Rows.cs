using Waybill.EventStore.ReadModels;

namespace Waybill.Tests.EventStore.ReadModels;

public enum Grade { Plain, Gold }

/// <summary>A row with a column of each type.</summary>
public sealed record Specimen(
    string Id,
    string? Remark,
    long Amount,
    long? Limit,
    int Count,
    int? Rank,
    bool IsOpen,
    bool? IsKnown,
    Guid Reference,
    Guid? Other,
    DateTimeOffset At,
    DateTimeOffset? Until,
    Grade Grade,
    Grade? Previous)
{
    public static ReadModel<Specimen> Model { get; } = new(
        "specimen", 1, key: [nameof(Id)], indexes: [[nameof(Grade)]]);

    public static Specimen Full(string id) => new(
        id, "naïve 🦆 'quoted'", long.MaxValue, long.MinValue, int.MaxValue, -1, true, false, Make.Id(7), Make.Id(8),
        new DateTimeOffset(2026, 3, 1, 12, 0, 0, 123, 456, TimeSpan.Zero),
        new DateTimeOffset(1969, 12, 31, 23, 59, 59, TimeSpan.Zero),
        Grade.Gold, Grade.Plain);

    public static Specimen Empty(string id) => new(
        id, null, 0, null, 0, null, false, null, Guid.Empty, null, DateTimeOffset.UnixEpoch, null, Grade.Plain, null);
}

/// <summary>How many notes a stream has: what the tests fold.</summary>
public sealed record Tally(string Stream, long Notes)
{
    public static ReadModel<Tally> Model { get; } = new(
        "tally", 1, key: [nameof(Stream)], indexes: [[nameof(Notes), nameof(Stream)]]);

    /// <summary>Folds what a swap found left, with its notices.</summary>
    public static async Task<RowChanges<Tally>> Fold(SwapChunk<Tally> chunk)
    {
        var notes = chunk.Events.CountBy(stored => stored.Stream.Id).ToList();
        var rows = await chunk.Load([.. notes.Select(stream => (RowKey)stream.Key)]);
        return new()
        {
            Upserts = [.. notes.Select(stream => new Tally(
                stream.Key, stream.Value + (rows.GetValueOrDefault(stream.Key)?.Notes ?? 0)))],
        };
    }
}

/// <summary>A row with several key columns, of different types, and no others.</summary>
public sealed record Mark(Grade Grade, DateTimeOffset At, int Number, Guid Reference)
{
    public static ReadModel<Mark> Model { get; } = new(
        "mark", 1, key: [nameof(Grade), nameof(At), nameof(Number), nameof(Reference)]);
}
