using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using static Waybill.EventStore.ReadModels.CommitOutcome;
using static Waybill.Tests.EventStore.Make;

namespace Waybill.Tests.EventStore.ReadModels;

public abstract partial class ReadModelStoreContract
{
    private ParkedRun Run(int id, string stream, string cause = "bad", long position = 0) => new(
        Id(id), Stream(stream), 3, position == 0 ? id : position, 5, 50, cause, Clock.GetUtcNow(),
        [new Attempt(Clock.GetUtcNow(), "first"), new Attempt(Clock.GetUtcNow().AddSeconds(1), "second\0\ud83e")]);

    private Task<CommitOutcome> Park(long from, long to, params ParkedRun[] runs) => Store.CommitAsync(
        Tally.Model, new ProjectionCommit<Tally>(new(Only, 1, from), to) { Parked = runs }, Cancellation);

    private Task<IReadOnlyList<ParkedRun>> Parked(string? cause = null, long after = 0, int limit = 10) =>
        Store.ListParkedAsync(Tally.Model, cause, after, limit, Cancellation);

    private ParkedAct Act(int id, int run, string act = "redrive", int second = 0) => new(
        Id(id), Id(run), Stream("a"), act, "ann", Clock.GetUtcNow().AddSeconds(second), "done");

    [Fact]
    public async Task A_parked_run_is_listed_with_every_attempt()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var run = Run(1, "a");

        await Park(0, 5, run);

        var listed = (await Parked()).ShouldHaveSingleItem();
        listed.ShouldBe(run with { Attempts = listed.Attempts });
        listed.Attempts.ShouldBe([run.Attempts[0], run.Attempts[1] with { Error = "second\0\ufffd" }]);
        var found = await Store.FindParkedAsync(Tally.Model, Id(1), Cancellation);
        found.ShouldBe(listed with { Attempts = found!.Attempts });
        (await Store.ReadStateAsync(Tally.Model, Cancellation)).Parked.ShouldBe(1);
    }

    [Fact]
    public async Task Of_attempts_the_newest_are_kept_and_of_errors_the_beginning()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var attempts = Enumerable.Range(0, 60).Select(n => new Attempt(Clock.GetUtcNow(), n + new string('x', 9_000)));

        await Park(0, 5, Run(1, "a") with { Attempts = [.. attempts], Cause = "bad\0" });

        var run = (await Parked())[0];
        run.Cause.ShouldBe("bad\ufffd");
        run.Attempts.Count.ShouldBe(ParkedRun.AttemptsMax);
        run.Attempts[0].Error.ShouldStartWith("10x");
        run.Attempts.ShouldAllBe(attempt => attempt.Error.Length == Attempt.ErrorLengthMax);
    }

    [Fact]
    public async Task Parked_runs_are_listed_page_by_page_and_by_cause()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(3, "c"), Run(1, "a"), Run(2, "b", "worse"));

        (await Parked(limit: 2)).Select(run => run.Id).ShouldBe([Id(1), Id(2)]);
        (await Parked(after: 2)).Select(run => run.Id).ShouldBe([Id(3)]);
        (await Parked(cause: "bad")).Select(run => run.Id).ShouldBe([Id(1), Id(3)]);
        (await Store.CountParkedAsync(Tally.Model, Cancellation)).ShouldBe([new("bad", 2), new("worse", 1)]);
    }

    [Fact]
    public async Task A_queue_knows_its_own_parked_streams()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"), Run(2, "b"));

        var all = await Store.ReadParkedStreamsAsync(Tally.Model, 1, queue: null, Cancellation);
        var own = await Store.ReadParkedStreamsAsync(Tally.Model, 1, LogQueue.Of(Stream("b"), 256), Cancellation);

        all.Select(stream => stream.Id).ShouldBe([Id(1), Id(2)], ignoreOrder: true);
        own.ShouldBe([new ParkedStream(Id(2), Stream("b"), 5)]);
        (await Store.ReadParkedStreamsAsync(Tally.Model, 2, null, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Later_events_extend_a_run_and_a_failed_redrive_replaces_it()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"));

        (await Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(Only, 1, 5), 9) { Extended = [new(Id(1), 8, 80)] },
            Cancellation)).ShouldBe(Committed);
        var extended = (await Parked())[0];
        (extended.LastVersion, extended.LastPosition).ShouldBe((8, 80));

        var failedAgain = extended with
        {
            FirstVersion = 4,
            FirstPosition = 40,
            Cause = "worse",
            Attempts = [.. extended.Attempts, new(Clock.GetUtcNow(), "third")],
        };
        (await Park(9, 9, failedAgain)).ShouldBe(Committed);

        var replaced = (await Parked())[0];
        replaced.ShouldBe(failedAgain with { Attempts = replaced.Attempts });
        replaced.Attempts.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_redrive_writes_rows_releases_the_run_and_is_recorded_and_does_not_move_on()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"), Run(2, "b"));
        var redrive = new ProjectionCommit<Tally>(new(Only, 1, 5), 5)
        {
            Upserts = [new("a", 3)],
            Released = [Id(1)],
            Acts = [Act(10, run: 1)],
        };

        (await Store.CommitAsync(Tally.Model, redrive, Cancellation)).ShouldBe(Committed);

        (await Rows()).ShouldBe([new("a", 3)]);
        (await Position()).ShouldBe(5);
        (await Parked()).Select(run => run.Id).ShouldBe([Id(2)]);
        (await Store.ListActsAsync(Tally.Model, Id(1), 10, Cancellation)).ShouldBe([Act(10, run: 1)]);
    }

    [Fact]
    public async Task A_redrive_has_no_second_effect()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"));
        var redrive = new ProjectionCommit<Tally>(new(Only, 1, 5), 5) { Upserts = [new("a", 3)], Released = [Id(1)] };
        await Store.CommitAsync(Tally.Model, redrive, Cancellation);

        (await Store.CommitAsync(Tally.Model, redrive with { Upserts = [new("a", 6)] }, Cancellation))
            .ShouldBe(Superseded);

        (await Rows()).ShouldBe([new("a", 3)]);
    }

    [Fact]
    public async Task A_redrive_of_what_another_one_has_taken_further_has_no_effect()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"));
        var first = new ProjectionCommit<Tally>(new(Only, 1, 5), 5)
        {
            Upserts = [new("a", 3)],
            Parked = [Run(1, "a") with { FirstVersion = 4, FirstPosition = 40 }],
        };
        (await Store.CommitAsync(Tally.Model, first, Cancellation)).ShouldBe(Committed);

        (await Store.CommitAsync(Tally.Model, first with { Upserts = [new("a", 6)] }, Cancellation))
            .ShouldBe(Superseded);
        var released = first with { Upserts = [new("a", 7)], Parked = [], Released = [Id(1)] };
        (await Store.CommitAsync(Tally.Model, released, Cancellation)).ShouldBe(Superseded);

        (await Rows()).ShouldBe([new("a", 3)]);
        (await Parked()).ShouldHaveSingleItem().FirstVersion.ShouldBe(4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_made_of_rows_as_they_were_before_a_redrive_is_not_written(bool isRowsAlone)
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Park(0, 5, Run(1, "a"));
        var redrive = new ProjectionCommit<Tally>(new(Only, 1, 5), 5) { Upserts = [new("a", 3)] };
        (await Store.CommitAsync(Tally.Model, redrive, Cancellation)).ShouldBe(Committed);
        (await Store.ReadPositionAsync(Tally.Model, Only, Cancellation)).ShouldBe(redrive.Reached);
        var late = new ProjectionCommit<Tally>(redrive.From, 9)
        {
            Upserts = [new("a", 1)],
            Extended = isRowsAlone ? [] : [new(Id(1), 8, 80)],
        };

        (await Store.CommitAsync(Tally.Model, late, Cancellation)).ShouldBe(Superseded);
        (await Rows()).ShouldBe([new("a", 3)]);

        var anew = late with { From = redrive.Reached, Upserts = [new("a", 4)] };
        (await Store.CommitAsync(Tally.Model, anew, Cancellation)).ShouldBe(Committed);
        (await Rows()).ShouldBe([new("a", 4)]);
        (await Store.ReadPositionAsync(Tally.Model, Only, Cancellation)).ShouldBe(new(Only, 1, 9, 1));
    }

    [Fact]
    public async Task A_run_that_is_parked_no_more_cannot_be_extended()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);

        var outcome = await Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(Only, 1, 0), 9) { Upserts = [new("b", 1)], Extended = [new(Id(1), 8, 80)] },
            Cancellation);

        outcome.ShouldBe(Superseded);
        ((await Position()), (await Rows()).Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Acts_are_recorded_once_and_listed_the_latest_first()
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        await Store.RecordActAsync(Tally.Model, Act(10, run: 1, "dry-run"), Cancellation);
        await Store.RecordActAsync(Tally.Model, Act(10, run: 1, "dry-run"), Cancellation);
        await Store.RecordActAsync(Tally.Model, Act(11, run: 2, "discard", second: 1), Cancellation);

        (await Store.ListActsAsync(Tally.Model, null, 10, Cancellation))
            .ShouldBe([Act(11, run: 2, "discard", second: 1), Act(10, run: 1, "dry-run")]);
        (await Store.ListActsAsync(Tally.Model, Id(1), 10, Cancellation)).ShouldBe([Act(10, run: 1, "dry-run")]);
        (await Store.ListActsAsync(Tally.Model, null, 1, Cancellation)).Count.ShouldBe(1);
    }
}
