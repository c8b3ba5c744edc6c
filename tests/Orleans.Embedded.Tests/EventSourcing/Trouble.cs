using Orleans.Storage;
using Waybill.Tests.Support;
using static Waybill.Tests.EventSourcing.Entry;

namespace Waybill.Tests.EventSourcing;

/// <summary>Storage fails, somebody else is first, or the grain is not made as it should be.</summary>
public sealed class Trouble(OneJournal journal)
{
    private readonly string _key = $"{Guid.NewGuid()}";

    private Shelf Shelf => Shelf.Of(_key);

    private IPlainLedger Ledger => journal.Grains.GetGrain<IPlainLedger>(_key);

    [Fact]
    public async Task A_write_that_throws_is_repeated_at_once_until_it_does_not()
    {
        await Ledger.Look();
        Shelf.BeforeWrite = Shelf.Failing(times: 1000);

        (await Ledger.Record(new In(5)).Soon()).ShouldBe(new Standing(Total: 5, Version: 1, Tentative: 5, Pending: 0));

        Shelf.Writes.Count.ShouldBe(1001);
        Shelf.Events.ShouldBe([new In(5)]);
        Notes.Of(_key).Count(note => note == "trouble 1").ShouldBe(1000);
        Notes.Of(_key).Count(note => note == "resolved").ShouldBe(1000);
    }

    [Fact]
    public async Task A_conditional_write_that_throws_is_repeated_too()
    {
        Shelf.BeforeWrite = Shelf.Failing(times: 3);

        (await Ledger.TryRecord(new In(5)).Soon()).ShouldBeTrue();

        Shelf.Events.ShouldBe([new In(5)]);
    }

    [Fact]
    public async Task A_write_that_throws_after_it_has_stored_stores_again()
    {
        await Ledger.Look();
        Shelf.AfterWrite = Shelf.Failing(times: 1);

        await Ledger.Record(new In(5)).Soon();

        Shelf.Events.ShouldBe([new In(5), new In(5)]);
    }

    [Fact]
    public async Task A_conditional_write_that_throws_after_it_has_stored_takes_its_own_events_for_somebody_elses()
    {
        await Ledger.Look();
        Shelf.AfterWrite = Shelf.Failing(times: 1);

        (await Ledger.TryRecord(new In(5)).Soon()).ShouldBeFalse();

        Shelf.Events.ShouldBe([new In(5)]);
    }

    [Fact]
    public async Task Other_calls_are_answered_while_a_write_is_repeated()
    {
        await Ledger.Look();
        var broken = true;
        Shelf.BeforeWrite = async () =>
        {
            await Task.Yield();
            if (Volatile.Read(ref broken)) throw new IOException("The shelf is broken.");
        };
        var recording = Ledger.Record(new In(5));

        (await Ledger.Look().Soon()).Pending.ShouldBe(1);
        recording.IsCompleted.ShouldBeFalse();
        Volatile.Write(ref broken, false);

        await recording.Soon();
    }

    [Fact]
    public async Task An_event_comes_after_those_of_who_was_first()
    {
        await Ledger.Look();
        Shelf.BeforeWrite = Shelf.Intruding(new In(100));

        (await Ledger.Record(new In(5)).Soon())
            .ShouldBe(new Standing(Total: 105, Version: 2, Tentative: 105, Pending: 0));

        Shelf.Events.ShouldBe([new In(100), new In(5)]);
        Shelf.Writes.Select(write => write.Expected).ShouldBe([0, 1]);
    }

    [Fact]
    public async Task A_conditional_event_is_not_stored_if_somebody_else_was_first()
    {
        await Ledger.Look();
        Shelf.BeforeWrite = Shelf.Intruding(new In(100));

        (await Ledger.TryRecord(new In(5)).Soon()).ShouldBeFalse();

        Shelf.Events.ShouldBe([new In(100)]);
        (await Ledger.Look()).ShouldBe(new Standing(Total: 100, Version: 1, Tentative: 100, Pending: 0));
    }

    [Fact]
    public async Task Conditional_events_are_stored_all_or_none()
    {
        await Ledger.Look();
        Shelf.BeforeWrite = Shelf.Intruding(new In(100));

        (await Ledger.TryRecord(new In(1), new In(2)).Soon()).ShouldBeFalse();

        Shelf.Events.ShouldBe([new In(100)]);
    }

    [Fact]
    public async Task Unconditional_events_around_a_conditional_one_are_stored_without_it()
    {
        await Ledger.Look();
        Shelf.BeforeWrite = Shelf.Intruding(new In(100));

        (await Ledger.Sandwich(new In(1), new In(2), new In(3)).Soon()).ShouldBeFalse();

        Shelf.Events.ShouldBe([new In(100), new In(1), new In(3)]);
    }

    [Fact]
    public async Task A_conditional_event_raised_behind_a_stale_one_is_stale_with_it()
    {
        await Ledger.Look();
        var gate = Gate.Of(_key);
        var intrude = Shelf.Intruding(new In(100));
        var wait = Shelf.At(gate);
        Shelf.BeforeWrite = async () =>
        {
            await wait();
            await intrude();
        };
        var first = Ledger.TryRecord(new In(1));
        await gate.Entered;
        var second = Ledger.TryRecordAnyway(new In(2));
        gate.Open();

        (await first.Soon()).ShouldBeFalse();
        (await second.Soon()).ShouldBeFalse();
        Shelf.Events.ShouldBe([new In(100)]);
    }

    [Fact]
    public async Task An_activation_waits_for_storage_that_cannot_be_read()
    {
        Shelf.Events.Add(new In(5));
        Shelf.BeforeRead = Shelf.Failing(times: 3);

        (await Ledger.Look().Soon()).Total.ShouldBe(5);

        Notes.Of(_key).ShouldBe(
            ["trouble 1", "trouble 2", "trouble 3", "resolved", "tentative", "state 5, version 1"]);
    }

    [Fact]
    public async Task Reading_anew_finds_what_somebody_else_has_stored()
    {
        await Ledger.Record(new In(5));
        Shelf.Events.Add(new In(100));

        (await Ledger.Look()).Total.ShouldBe(5);
        (await Ledger.Refresh()).ShouldBe(new Standing(Total: 105, Version: 2, Tentative: 105, Pending: 0));
    }

    [Fact]
    public async Task An_event_that_the_state_cannot_take_is_stored_and_counted()
    {
        await Ledger.Record(new In(5));

        (await Ledger.Record(new Unfoldable()).Soon())
            .ShouldBe(new Standing(Total: 5, Version: 2, Tentative: 5, Pending: 0));

        Shelf.Events.ShouldBe([new In(5), new Unfoldable()]);
        (await Ledger.Record(new In(1))).Total.ShouldBe(6);
    }

    [Fact]
    public async Task What_the_grain_throws_when_it_is_told_of_a_change_does_no_harm()
    {
        var ledger = journal.Grains.GetGrain<IPlainLedger>($"clumsy {_key}");

        (await ledger.Record(new In(5)).Soon()).Total.ShouldBe(5);
        (await ledger.TryRecord(new In(5)).Soon()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_provider_that_is_not_there_fails_the_activation_and_is_named()
    {
        var ledger = journal.Grains.GetGrain<ILostLedger>(_key);

        var failure = await Should.ThrowAsync<BadProviderConfigException>(ledger.Look);

        failure.Message.ShouldContain("nowhere");
    }

    [Fact]
    public async Task A_grain_without_a_provider_fails_where_there_is_no_default_one() =>
        await Should.ThrowAsync<BadProviderConfigException>(journal.Grains.GetGrain<INamelessLedger>(_key).Look);

    [Fact]
    public async Task A_grain_without_storage_fails_to_activate() =>
        await Should.ThrowAsync<BadProviderConfigException>(() => journal.Grains.GetGrain<IStoreless>(_key).Call());

    [Fact]
    public async Task A_grain_whose_state_cannot_be_copied_fails_to_activate() =>
        (await Should.ThrowAsync<Exception>(() => journal.Grains.GetGrain<IUnsendableLedger>(_key).Call()))
            .Message.ShouldContain(nameof(Unsendable));
}
