using Waybill.EventStore;
using static Waybill.EventStore.AppendResult;

namespace Waybill.Tests.EventStore;

/// <summary>Appends as fast as a store takes them, several writers to each of several streams.</summary>
internal static class Load
{
    /// <summary>How many events each append has; one with fewer of them is torn.</summary>
    public const int EventsEach = 2;

    private const int StreamCount = 4, WritersEach = 3;

    /// <summary>Appends until told to stop, through any outage; throws as soon as an answer is wrong.</summary>
    public static async Task RunAsync(IEventStore store, Action<Acknowledged> acknowledge, CancellationToken stop)
    {
        var writers = Enumerable.Range(0, StreamCount * WritersEach)
            .Select(n => Task.Run(() => AppendAsync(store, Make.Stream($"s{n % StreamCount}"), acknowledge, stop)));
        await foreach (var ended in Task.WhenEach(writers))
            await ended;
    }

    /// <summary>Reads the log from its beginning to its end.</summary>
    public static async Task<List<StoredEvent>> ReadAllAsync(IEventStore store, LogFilter? filter = null)
    {
        var all = new List<StoredEvent>();
        for (var (after, more) = (0L, true); more;)
        {
            var page = await store.ReadLogAsync(filter ?? LogFilter.All, after, limit: 1_000);
            all.AddRange(page.Events);
            (after, more) = (page.ReadTo, page.ReadTo > after);
        }
        return all;
    }

    /// <summary>
    /// Nothing acknowledged is lost, nothing at all is doubled, torn or out of its order, and the chain is whole.
    /// </summary>
    public static async Task ShouldHoldAsync(IEventStore store, IEnumerable<Acknowledged> acknowledged)
    {
        var all = await ReadAllAsync(store);
        all.Select(stored => stored.Position).ShouldBe(Numbers(all.Count));
        (await store.ReadHeadPositionAsync()).ShouldBe(all.Count);
        foreach (var stream in all.GroupBy(stored => stored.Stream))
            stream.Select(stored => stored.Version).ShouldBe(Numbers(stream.Count()));
        all.Select(stored => stored.EventId).ShouldBeUnique();
        foreach (var append in all.GroupBy(stored => stored.Metadata.CommandId))
            (append.Count(), append.Last().Position - append.First().Position, append.Last().Stream)
                .ShouldBe((EventsEach, EventsEach - 1, append.First().Stream));
        var recorded = all.ToDictionary(stored => stored.EventId, stored => (stored.Stream.Id, stored.Version));
        foreach (var (stream, version, eventId) in acknowledged)
            recorded[eventId].ShouldBe((stream, version));
        var verified = (await ((ILogAudit)store).VerifyAsync()).ShouldBeOfType<Verification.Intact>();
        (verified.Head?.Position ?? 0, verified.Unchained).ShouldBe((all.Count, 0));
    }

    private static async Task AppendAsync(
        IEventStore store, StreamName stream, Action<Acknowledged> acknowledge, CancellationToken stop)
    {
        var version = 0L;
        while (!stop.IsCancellationRequested)
        {
            var metadata = new EventMetadata(Guid.CreateVersion7(), "correlation", null, "writer");
            NewEvent[] events =
            [
                .. Enumerable.Range(0, EventsEach).Select(
                    n => new NewEvent(Guid.CreateVersion7(), new Note.Written($"text {n}"), metadata)),
            ];
            version = await InsistAsync(store, stream, version, events, stop);
            acknowledge(new(stream.Id, version, events[^1].EventId));
        }
    }

    // As a grain does: the same events again while it is unknown what became of them, and behind those of others.
    private static async Task<long> InsistAsync(
        IEventStore store, StreamName stream, long version, NewEvent[] events, CancellationToken stop)
    {
        var isUnknown = false;
        while (true)
        {
            try
            {
                switch (await store.AppendAsync(stream, version, events, CancellationToken.None))
                {
                    case Appended appended:
                        appended.Version.ShouldBe(version + events.Length);
                        return appended.Version;
                    case AlreadyRecorded recorded:
                        isUnknown.ShouldBeTrue("What was sent once cannot stand there already.");
                        recorded.Command.CommandId.ShouldBe(events[0].Metadata.CommandId);
                        return recorded.Command.Version;
                    case Conflict conflict:
                        conflict.ActualVersion.ShouldBeGreaterThan(version);
                        version = conflict.ActualVersion;
                        break;
                }
            }
            catch (StoreUnavailableException) when (!stop.IsCancellationRequested)
            {
                isUnknown = true;
                await Task.Yield();
            }
        }
    }

    private static IEnumerable<long> Numbers(int count) => Enumerable.Range(1, count).Select(number => (long)number);
}

/// <summary>An append whose caller was told that it is done.</summary>
/// <param name="Stream">The id of its stream.</param>
/// <param name="Version">The version of its last event.</param>
/// <param name="EventId">Its last event.</param>
internal readonly record struct Acknowledged(string Stream, long Version, Guid EventId);
