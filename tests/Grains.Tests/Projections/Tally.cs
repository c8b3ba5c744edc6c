using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing.Projections;

namespace Waybill.Tests.Grains.Projections;

/// <summary>What a projection did to one account: which versions it has seen, in order, and their sum.</summary>
public sealed record TallyRow(string Id, long Sum, string Seen);

/// <summary>
/// A projection that can be broken for one account. It forgets an account that is closed, and tells of deposits whose
/// reference says so.
/// </summary>
public sealed class Tally : IProjection<TallyRow>
{
    private static readonly ConcurrentDictionary<string, Func<RecordedEvent, bool>> Broken = [];

    public static ReadModel<TallyRow> Model { get; } = new("tally", 1, [nameof(TallyRow.Id)]);

    /// <summary>Makes events of an account fail until the account is mended.</summary>
    public static void Break(string id, Func<RecordedEvent, bool> fails) => Broken[id] = fails;

    public static void Mend(string id) => Broken.TryRemove(id, out _);

    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Category == "account" ? (RowKey?)stored.Stream.Id : null;

    public static TallyRow? Apply(TallyRow? row, RecordedEvent recorded)
    {
        if (Broken.TryGetValue(recorded.Stream.Id, out var fails) && fails(recorded))
            throw new InvalidOperationException($"Event {recorded.Version} of {recorded.Stream.Id} is broken.");
        var amount = recorded.Event switch
        {
            AccountEvent.MoneyDeposited e => e.Amount,
            AccountEvent.MoneyWithdrawn e => -e.Amount,
            Other => 1_000,
            _ => 0,
        };
        return recorded.Event is AccountEvent.Closed
            ? null
            : new(recorded.Stream.Id, (row?.Sum ?? 0) + amount, $"{row?.Seen}{recorded.Version} ");
    }

    public static string? Notify(TallyRow? before, TallyRow? after, RecordedEvent recorded) =>
        recorded.Event is AccountEvent.MoneyDeposited { Reference: "tell" }
            ? $$"""{"id":"{{recorded.Stream.Id}}","version":{{recorded.Version}},"sum":{{after?.Sum}}}"""
            : null;
}

/// <summary>A projection with a mistake in it for some accounts.</summary>
public sealed class Careless : IProjection<TallyRow>
{
    public static ReadModel<TallyRow> Model { get; } = new("careless", 1, [nameof(TallyRow.Id)]);

    public static RowKey? KeyOf(StoredEvent stored) =>
        stored.Stream.Id == "number" ? (RowKey)1L : (RowKey)stored.Stream.Id;

    public static TallyRow Apply(TallyRow? row, RecordedEvent recorded) =>
        new(recorded.Stream.Id == "elsewhere" ? "another" : recorded.Stream.Id, 0, "");

    public static string? Notify(TallyRow? before, TallyRow? after, RecordedEvent recorded) =>
        recorded.Stream.Id == "notice" ? "a \0 in it" : recorded.Stream.Id;
}

/// <summary>An event that some releases know and others do not, or know in another shape.</summary>
[EventType("account.other", 1)]
public sealed record Other(string Text);

/// <summary>The same event, as a release wrongly reads it.</summary>
[EventType("account.other", 1)]
public sealed record OtherMisread(int Text);

[JsonSerializable(typeof(Other))]
internal sealed partial class OtherJson : JsonSerializerContext;

[JsonSerializable(typeof(OtherMisread))]
internal sealed partial class OtherMisreadJson : JsonSerializerContext;
