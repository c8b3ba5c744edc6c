using Waybill.EventStore;
using static Waybill.EventStore.Verification;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore;

/// <summary>What every store can tell of a log that was tampered with.</summary>
public abstract partial class EventStoreContract
{
    protected Task<Verification> Verify(LogAnchor? anchor = null) =>
        ((ILogAudit)Store).VerifyAsync(anchor, cancellation: Cancellation);

    [Fact]
    public async Task An_untouched_log_is_intact()
    {
        (await Verify()).ShouldBe(new Intact(Head: null, Unchained: 0));

        await AppendFive();

        var intact = (await Verify()).ShouldBeOfType<Intact>();
        intact.Unchained.ShouldBe(0);
        intact.Head!.Position.ShouldBe(5);
        intact.Head.Hash.Length.ShouldBe(64);
    }

    // Computed by other means from what RowBytes promises: who changes this breaks every chain there is.
    [Fact]
    public async Task The_hash_of_a_row_is_the_same_for_ever_and_in_every_store()
    {
        var metadata = new EventMetadata(Id(9), "correlation", "causation", "ann", "saga", "00-trace");
        await Append(Stream(), 0, new NewEvent(Id(1), new Note.StruckOut("é"), metadata));
        await Append(Stream(), 1, Event(2, command: 10));

        (await Verify()).ShouldBeOfType<Intact>().Head!.Hash
            .ShouldBe("1a05b1ea5d2b4aa7e9b1ee65a633f7fee3095f35c02439db4051f33267d1c398");
    }

    [Fact]
    public async Task The_chain_goes_on_in_a_store_opened_again()
    {
        await AppendFive();
        Reopen();
        await Append(Stream("c"), 0, Event(6, command: 6));

        (await Verify()).ShouldBeOfType<Intact>().Head!.Position.ShouldBe(6);
    }

    [Theory]
    [InlineData(3, """UPDATE events SET data = '{"Text":"forged"}' WHERE position = 3""")]
    [InlineData(3, """UPDATE events SET data = '{"Text": "text"}' WHERE position = 3""")]
    [InlineData(1, "UPDATE events SET actor = 'eve' WHERE position = 1")]
    [InlineData(2, "UPDATE events SET category = 'not', id = 'e-a' WHERE position = 2")]
    [InlineData(2, "UPDATE events SET type = 'note.struck-out' WHERE position = 2")]
    [InlineData(2, "UPDATE events SET schema_version = 2 WHERE position = 2")]
    [InlineData(2, "UPDATE events SET slot = slot + 1 WHERE position = 2")]
    [InlineData(2, "UPDATE events SET time = (SELECT time FROM events WHERE position = 5) WHERE position = 2")]
    [InlineData(2, "UPDATE events SET event_id = command_id, command_id = event_id WHERE position = 2")]
    [InlineData(2, "UPDATE events SET causation_id = '' WHERE position = 2")]
    [InlineData(2, "UPDATE events SET saga_id = correlation_id, correlation_id = '' WHERE position = 2")]
    [InlineData(2, "UPDATE events SET trace_parent = '00' WHERE position = 2")]
    [InlineData(2, "UPDATE events SET key_id = event_id WHERE position = 2")]
    [InlineData(5, "UPDATE events SET version = 7 WHERE position = 5")]
    [InlineData(5, "UPDATE events SET hash = (SELECT hash FROM events WHERE position = 1) WHERE position = 5")]
    [InlineData(3, "UPDATE events SET hash = NULL WHERE position = 3")]
    [InlineData(3, "UPDATE events SET hash = NULL WHERE position >= 3")]
    [InlineData(1, "UPDATE events SET hash = NULL WHERE position <= 2")]
    [InlineData(1, "UPDATE events SET hash = NULL")]
    [InlineData(1, "UPDATE events SET hash = NULL; DELETE FROM chain_start;")]
    [InlineData(1, "UPDATE chain_start SET position = 2")]
    [InlineData(1, "DELETE FROM events WHERE position = 1")]
    [InlineData(3, "DELETE FROM events WHERE position = 3")]
    [InlineData(3, "DELETE FROM events WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4;")]
    [InlineData(1, "UPDATE events SET position = 0 WHERE position = 5")]
    [InlineData(6, "INSERT INTO events SELECT 6, 'note', 'forged', 1, event_id, type, schema_version, time, data, "
        + "command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id "
        + "FROM events WHERE position = 5")]
    [InlineData(2, "UPDATE events SET position = 9 WHERE position = 2; "
        + "UPDATE events SET position = 2 WHERE position = 4; UPDATE events SET position = 4 WHERE position = 9")]
    public async Task What_was_altered_removed_added_or_reordered_is_found_at_its_position(long position, string sql)
    {
        await AppendFive();

        Execute(sql);

        var broken = (await Verify()).ShouldBeOfType<Broken>();
        broken.Position.ShouldBe(position, broken.Reason);
    }

    [Fact]
    public async Task An_event_is_found_on_any_page()
    {
        const int events = 10_000, forged = 4_097;
        for (var n = 0; n < events; n += 500)
            await Append(Stream(), n, [.. Enumerable.Range(n + 1, 500).Select(id => Event(id, command: n))]);
        var reached = new List<long>();

        (await ((ILogAudit)Store).VerifyAsync(progress: new Progress(reached.Add), cancellation: Cancellation))
            .ShouldBeOfType<Intact>().Head!.Position.ShouldBe(events);
        reached.Count.ShouldBeGreaterThan(2, "This is to be a test of several pages.");
        reached.ShouldBeInOrder();
        reached[^1].ShouldBe(events);

        Execute($"UPDATE events SET actor = 'eve' WHERE position = {forged}");
        (await Verify()).ShouldBeOfType<Broken>().Position.ShouldBe(forged);
    }

    [Fact]
    public async Task Events_larger_than_a_page_are_checked_as_well()
    {
        var large = new string('x', 5_000_000);
        for (var n = 1; n <= 3; n++)
            await Append(Stream(), n - 1, Event(n, command: n, large));

        (await Verify()).ShouldBeOfType<Intact>().Head!.Position.ShouldBe(3);
    }

    [Fact]
    public async Task A_log_that_has_grown_still_goes_through_its_anchor()
    {
        await AppendFive();
        var anchor = (await Verify()).ShouldBeOfType<Intact>().Head!;
        await Append(Stream("c"), 0, Event(6, command: 6));

        (await Verify(anchor)).ShouldBeOfType<Intact>().Head!.Position.ShouldBe(6);
        (await Verify(anchor with { Hash = anchor.Hash.ToUpperInvariant() })).ShouldBeOfType<Intact>();
    }

    [Fact]
    public async Task What_was_cut_off_at_the_end_shows_with_an_anchor_only()
    {
        await AppendFive();
        var anchor = (await Verify()).ShouldBeOfType<Intact>().Head!;

        Execute("DELETE FROM events WHERE position > 3");

        (await Verify()).ShouldBeOfType<Intact>().Head!.Position.ShouldBe(3);
        (await Verify(anchor)).ShouldBeOfType<Broken>().Position.ShouldBe(4);
    }

    [Fact]
    public async Task A_log_made_anew_shows_with_an_anchor_only()
    {
        await AppendFive();
        var anchor = (await Verify()).ShouldBeOfType<Intact>().Head!;

        Execute("DELETE FROM events");
        Reopen();
        await AppendFive(text: "another");

        (await Verify()).ShouldBeOfType<Intact>();
        (await Verify(anchor)).ShouldBeOfType<Broken>().Position.ShouldBe(5);
    }

    [Fact]
    public async Task Events_from_before_the_chain_began_are_counted()
    {
        await AppendFive();
        Execute("UPDATE events SET hash = NULL; UPDATE chain_start SET position = 5;");
        (await Verify()).ShouldBe(new Intact(Head: null, Unchained: 5));

        Reopen();
        await Append(Stream("c"), 0, Event(6, command: 6));

        var intact = (await Verify()).ShouldBeOfType<Intact>();
        (intact.Head!.Position, intact.Unchained).ShouldBe((6, 5));
    }

    [Fact]
    public async Task A_stream_with_a_version_missing_shows_even_where_there_is_no_chain()
    {
        await AppendFive();

        Execute("DELETE FROM events WHERE position = 1; UPDATE events SET position = position - 1, hash = NULL; "
            + "UPDATE chain_start SET position = 4;");

        (await Verify()).ShouldBeOfType<Broken>().Position.ShouldBe(1);
    }

    [Fact]
    public async Task A_log_that_is_being_written_is_intact()
    {
        using var done = new CancellationTokenSource();
        var verifying = Task.Run(
            async () =>
            {
                var found = new List<Verification>();
                do
                    found.Add(await Verify());
                while (!done.IsCancellationRequested);
                return found;
            },
            Cancellation);
        for (var n = 1; n <= 100; n++)
            await Append(Stream($"s{n % 7}"), n / 7 - (n % 7 == 0 ? 1 : 0), Event(n, command: n));
        await done.CancelAsync();

        (await verifying).ShouldAllBe(found => found is Intact);
    }

    // Positions 1, 2 and 4 are of one stream, 3 and 5 of another; time goes on from one append to the next.
    protected async Task AppendFive(string text = "text")
    {
        var start = Clock.GetUtcNow();
        await Append(Stream("a"), 0, Event(1, command: 11, text), Event(2, command: 11, text));
        Clock.Set(start.AddSeconds(1));
        await Append(Stream("b"), 0, Event(3, command: 12, text));
        Clock.Set(start.AddSeconds(2));
        await Append(Stream("a"), 2, Event(4, command: 13, text));
        await Append(Stream("b"), 1, Event(5, command: 14, text));
    }

    private sealed class Progress(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
