using Waybill.Tests.Support;
using static Waybill.Tests.EventSourcing.Entry;

namespace Waybill.Tests.EventSourcing;

/// <summary>Storage works, and nobody else uses it.</summary>
public sealed class Confirming(OneJournal journal)
{
    private readonly string _key = $"{Guid.NewGuid()}";

    private Shelf Shelf => Shelf.Of(_key);

    private IPlainLedger Ledger => journal.Grains.GetGrain<IPlainLedger>(_key);

    [Fact]
    public async Task A_raised_event_is_in_the_tentative_state_at_once_and_in_the_state_when_it_is_stored()
    {
        var gate = Gate.Of(_key);
        Shelf.BeforeWrite = Shelf.At(gate);

        var pending = new Standing(Total: 0, Version: 0, Tentative: 3, Pending: 2);
        (await Ledger.Raise(new In(5), new Out(2))).ShouldBe(pending);
        await gate.Entered;
        (await Ledger.Look()).ShouldBe(pending);
        gate.Open();

        (await Ledger.Record()).ShouldBe(new Standing(Total: 3, Version: 2, Tentative: 3, Pending: 0));
    }

    [Fact]
    public async Task What_one_turn_raises_is_stored_in_one_call()
    {
        await Ledger.Record(new In(1), new In(2), new In(3));

        Shelf.Writes.ShouldHaveSingleItem().Events.ShouldBe([new In(1), new In(2), new In(3)]);
    }

    [Fact]
    public async Task What_is_raised_while_a_write_is_under_way_is_one_batch_after_it()
    {
        var ledger = journal.Grains.GetGrain<IBusyLedger>(_key);
        var gate = Gate.Of(_key);
        Shelf.BeforeWrite = Shelf.At(gate);
        var first = ledger.TryRecord(new In(0));
        await gate.Entered;

        List<Task<bool>> others = [.. Enumerable.Range(1, 50).Select(i => ledger.TryRecord(new In(i)))];
        (await ledger.Look()).Pending.ShouldBe(51);
        gate.Open();

        (await Task.WhenAll([first, .. others]).Soon()).ShouldAllBe(recorded => recorded);
        Shelf.Writes.Select(write => (write.Expected, write.Events.Length)).ShouldBe([(0, 1), (1, 50)]);
    }

    [Fact]
    public async Task Events_raised_together_are_stored_together()
    {
        await Ledger.RaiseTogether(new In(1), new In(2));

        Shelf.Writes.ShouldHaveSingleItem().Events.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Conditional_events_are_stored_together_and_say_so()
    {
        (await Ledger.TryRecord(new In(1), new In(2))).ShouldBeTrue();

        Shelf.Writes.ShouldHaveSingleItem().Expected.ShouldBe(0);
        (await Ledger.Look()).Total.ShouldBe(3);
    }

    [Fact]
    public async Task The_next_activation_reads_what_was_stored()
    {
        await Ledger.Record(new In(5));
        await journal.Cluster.DeactivateAsync(Ledger);

        (await Ledger.Look()).ShouldBe(new Standing(Total: 5, Version: 1, Tentative: 5, Pending: 0));
    }

    [Fact]
    public async Task An_activation_reads_once()
    {
        await Ledger.Look();

        Shelf.Reads.ShouldBe(1);
    }

    [Fact]
    public async Task A_grain_that_does_not_wait_for_its_state_reads_it_all_the_same()
    {
        Shelf.Events.Add(new In(5));
        var ledger = journal.Grains.GetGrain<IHastyLedger>(_key);

        (await ledger.Record(new In(1))).ShouldBe(new Standing(Total: 6, Version: 2, Tentative: 6, Pending: 0));
        Shelf.Reads.ShouldBe(1);
    }

    [Fact]
    public async Task The_grain_is_told_when_its_state_has_changed()
    {
        await Ledger.Record(new In(5));

        // Genuine Orleans says each change of the state twice.
        Notes.Of(_key).Distinct().ShouldBe(["tentative", "state 5, version 1"]);
    }

    [Fact]
    public async Task Awaiting_events_stays_on_the_grains_scheduler() =>
        (await Ledger.StaysOnScheduler(new In(1))).ShouldBeTrue();

    [Fact]
    public async Task A_deactivation_waits_until_what_was_raised_is_stored()
    {
        var gate = Gate.Of(_key);
        Shelf.BeforeWrite = Shelf.At(gate);
        await Ledger.Raise(new In(5));
        await gate.Entered;

        var ending = journal.Cluster.DeactivateAsync(Ledger);
        var next = Ledger.Look();
        ending.IsCompleted.ShouldBeFalse();
        gate.Open();

        await ending.Soon();
        (await next.Soon()).ShouldBe(new Standing(Total: 5, Version: 1, Tentative: 5, Pending: 0));
    }

    [Fact]
    public async Task Custom_storage_does_not_tell_events()
    {
        await Ledger.Record(new In(5));

        await Should.ThrowAsync<NotSupportedException>(() => Ledger.History(0, 1));
        await Should.ThrowAsync<ArgumentException>(() => Ledger.History(0, 2));
        await Should.ThrowAsync<ArgumentException>(() => Ledger.History(-1, 0));
    }
}
