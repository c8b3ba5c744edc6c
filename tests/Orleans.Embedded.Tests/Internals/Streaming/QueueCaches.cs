using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Providers.Streams.Common;
using Orleans.Runtime;
using Orleans.Streams;
using Waybill.Tests.Streaming;

namespace Waybill.Tests.Internals.Streaming;

public sealed class QueueCaches
{
    private static readonly StreamId A = StreamId.Create("orders", "a");
    private static readonly StreamId B = StreamId.Create("orders", "b");

    private readonly SimpleQueueCache _cache = new(20, NullLogger.Instance);

    [Fact]
    public void A_cursor_moves_through_its_own_stream()
    {
        Add((A, 1), (B, 2), (A, 3), (B, 4));
        using var cursor = _cache.GetCacheCursor(B, Place(2));

        Rest(cursor).ShouldBe([2, 4]);
        Add((A, 5), (B, 6));
        cursor.MoveNext().ShouldBeFalse();
        cursor.Refresh(Place(6));
        Rest(cursor).ShouldBe([6]);
    }

    [Fact]
    public void A_cursor_between_two_batches_takes_the_later()
    {
        Add((A, 10), (B, 20), (A, 30));

        Rest(_cache.GetCacheCursor(A, Place(11))).ShouldBe([30]);
        Rest(_cache.GetCacheCursor(B, Place(10))).ShouldBe([20]);
    }

    [Fact]
    public void A_place_that_has_passed_is_missed_and_one_to_come_is_waited_for()
    {
        Add((A, 10), (A, 20));

        Should.Throw<QueueCacheMissException>(() => _cache.GetCacheCursor(A, Place(9)));
        using var cursor = _cache.GetCacheCursor(A, Place(40));
        Add((A, 30));
        cursor.Refresh(Place(30));
        cursor.MoveNext().ShouldBeFalse();
        Add((A, 40), (A, 50));
        cursor.Refresh(Place(40));
        Rest(cursor).ShouldBe([40, 50]);
    }

    [Fact]
    public void A_cursor_without_a_place_begins_with_what_comes_next()
    {
        Add((A, 1));
        using var cursor = _cache.GetCacheCursor(A, null);

        cursor.MoveNext().ShouldBeFalse();
        Add((A, 2));
        cursor.Refresh(Place(2));
        Rest(cursor).ShouldBe([2]);
    }

    [Fact]
    public void What_a_cursor_stands_on_or_has_before_it_stays()
    {
        Add((A, 1), (B, 2), (A, 3), (B, 4));
        using var slow = _cache.GetCacheCursor(A, Place(1));
        using var fast = _cache.GetCacheCursor(B, Place(2));
        Rest(fast);

        Purged().ShouldBeNull();
        slow.MoveNext();
        Purged().ShouldBeNull();
        slow.MoveNext();
        Purged().ShouldBe([1, 2]);
        slow.MoveNext().ShouldBeFalse();
        Purged().ShouldBe([3, 4]);
        Purged().ShouldBeNull();
        _cache.Size.ShouldBe(0);
    }

    [Fact]
    public void What_nobody_wants_goes_at_once()
    {
        Add((A, 1), (B, 2));

        Purged().ShouldBe([1, 2]);
    }

    [Fact]
    public void A_cursor_that_is_disposed_keeps_nothing()
    {
        Add((A, 1), (A, 2));
        var cursor = _cache.GetCacheCursor(A, Place(1));
        cursor.MoveNext();
        cursor.Dispose();
        cursor.Dispose();

        Purged().ShouldBe([1, 2]);
    }

    [Fact]
    public void What_was_given_up_goes_unsaid()
    {
        Add((A, 1), (A, 2), (A, 3));
        using var cursor = _cache.GetCacheCursor(A, Place(1));
        cursor.MoveNext();
        cursor.MoveNext();
        cursor.RecordDeliveryFailure();
        Rest(cursor);

        Purged().ShouldBe([1, 3]);
    }

    [Fact]
    public void It_is_under_pressure_while_the_next_read_might_not_fit()
    {
        _cache.GetMaxAddCount().ShouldBe(2);
        for (var i = 1; i <= 18; i++) Add((A, i));
        _cache.IsUnderPressure().ShouldBeFalse();
        Add((A, 19));
        _cache.IsUnderPressure().ShouldBeTrue();

        Should.Throw<CacheFullException>(() => Add((A, 20), (A, 21)));
        _cache.Size.ShouldBe(19);
        Purged();
        _cache.IsUnderPressure().ShouldBeFalse();
    }

    private static EventSequenceToken Place(long position) => new(position);

    private static List<long> Rest(IQueueCacheCursor cursor)
    {
        List<long> rest = [];
        while (cursor.MoveNext()) rest.Add(cursor.GetCurrent(out _)!.SequenceToken.SequenceNumber);
        return rest;
    }

    private void Add(params (StreamId Stream, long Position)[] batches) =>
        _cache.AddToCache([.. batches.Select(batch => new LogBatch(batch.Stream, batch.Position, ["x"], null))]);

    private List<long>? Purged() => _cache.TryPurgeFromCache(out var purged)
        ? [.. purged.Select(batch => batch.SequenceToken.SequenceNumber)]
        : null;
}
