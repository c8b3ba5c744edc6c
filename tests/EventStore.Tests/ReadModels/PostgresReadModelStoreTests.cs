using Npgsql;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore.ReadModels;

[Collection(OnPostgres.Name)]
public sealed class PostgresReadModelStoreTests(PostgresServer server) : ReadModelStoreContract
{
    private readonly string _schema = server.NewSchema();

    protected override (IEventStore Log, IReadModelStore Store) Open()
    {
        var store = OnPostgres.Open(_schema, Clock);
        return (store, store.ReadModels);
    }

    [Theory, InlineData(1), InlineData(1_000)]
    public async Task What_a_rebuild_writes_may_take_longer_than_a_statement_of_a_host(int rows)
    {
        await Store.PrepareAsync(Tally.Model, 1, Cancellation);
        var lease = await Store.StartRebuildAsync(Tally.Model, "ann", Clock.GetUtcNow(), fresh: true, Cancellation);
        Query($"""
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3.2); RETURN NULL; END';
            CREATE TRIGGER slow AFTER INSERT ON tally_v1_g{lease.Generation}
                FOR EACH STATEMENT EXECUTE FUNCTION wait();
            """);
        using var store = OnPostgres.Open(_schema, Clock, patience: 3);

        (await store.ReadModels.CommitBuildAsync(
            Tally.Model,
            lease,
            new BuildCommit<Tally>(0, 1, Clock.GetUtcNow())
            {
                Added = [.. Enumerable.Range(0, rows).Select(n => new Tally($"s{n}", n))],
            },
            Cancellation)).ShouldBe(CommitOutcome.Committed);
    }

    // Hosts that commit at the same time share a transaction.
    [Fact]
    public async Task A_projection_whose_table_is_locked_holds_up_no_other_one()
    {
        const int queues = 4;
        using var store = OnPostgres.Open(_schema, Clock, patience: OnPostgres.Shipped);
        await Store.PrepareAsync(Tally.Model, queues, Cancellation);
        await Store.PrepareAsync(Specimen.Model, queues, Cancellation);
        Task<CommitOutcome>[] held, others;

        using (var owner = PostgresServer.Connect(_schema))
        {
            using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE tally_v1_g1 IN ACCESS EXCLUSIVE MODE", owner);
            locking.ExecuteNonQuery();
            held = [.. Enumerable.Range(0, queues).Select(CommitTally)];
            others = [.. Enumerable.Range(0, queues).Select(MoveOther)];

            (await Task.WhenAll(others)).ShouldAllBe(outcome => outcome == CommitOutcome.Committed);
            foreach (var commit in held)
                await Should.ThrowAsync<StoreUnavailableException>(() => commit);
        }

        held = [.. Enumerable.Range(0, queues).Select(CommitTally)];
        (await Task.WhenAll(held)).ShouldAllBe(outcome => outcome == CommitOutcome.Committed);
        others = [.. Enumerable.Range(0, queues).Select(MoveOther)];
        (await Task.WhenAll(others)).ShouldAllBe(outcome => outcome == CommitOutcome.Superseded);

        Task<CommitOutcome> CommitTally(int queue) => store.ReadModels.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(new(queue, queues), 1, 0), 1) { Upserts = [new($"s{queue}", 1)] },
            Cancellation);

        Task<CommitOutcome> MoveOther(int queue) => store.ReadModels.CommitAsync(
            Specimen.Model, new ProjectionCommit<Specimen>(new(new(queue, queues), 1, 0), 1), Cancellation);
    }

    // While one commit waits, those that come meanwhile gather for the next one.
    [Fact]
    public async Task Of_steps_that_share_a_transaction_each_is_fenced_by_itself()
    {
        const int queues = 3;
        await Store.PrepareAsync(Tally.Model, queues, Cancellation);
        await Store.PrepareAsync(Specimen.Model, 1, Cancellation);
        Task<CommitOutcome> first, late, right;
        Task<CommitOutcome>[] rivals;

        using (var owner = PostgresServer.Connect(_schema))
        {
            using var locking = new NpgsqlCommand("BEGIN; LOCK TABLE specimen_v1_g1 IN ACCESS EXCLUSIVE MODE", owner);
            locking.ExecuteNonQuery();
            first = Store.CommitAsync(
                Specimen.Model,
                new ProjectionCommit<Specimen>(new(new(0, 1), 1, 0), 1) { Upserts = [Specimen.Empty("a")] },
                Cancellation);
            while (Query("SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L)
            {
                // It is not waiting yet.
            }
            rivals = [.. Enumerable.Range(1, 4).Select(n => CommitTally(queue: 0, from: 0, to: n))];
            late = CommitTally(queue: 1, from: 5, to: 6);
            right = CommitTally(queue: 2, from: 0, to: 7);
        }

        (await first).ShouldBe(CommitOutcome.Committed);
        (await Task.WhenAll(rivals)).Count(outcome => outcome is CommitOutcome.Committed).ShouldBe(1);
        (await late).ShouldBe(CommitOutcome.Superseded);
        (await right).ShouldBe(CommitOutcome.Committed);
        var positions = (await Store.ReadStateAsync(Tally.Model, Cancellation)).Positions;
        (await Store.QueryAsync(Tally.Model, new(), Cancellation)).Rows
            .ShouldBe([new($"s0-{positions[0].Position}", positions[0].Position), new("s2-7", 7)]);
        positions.Select(queue => queue.Position).Skip(1).ShouldBe([0, 7]);

        Task<CommitOutcome> CommitTally(int queue, long from, long to) => Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(new(queue, queues), 1, from), to) { Upserts = [new($"s{queue}-{to}", to)] },
            Cancellation);
    }

    protected override object? Query(string sql)
    {
        using var connection = PostgresServer.Connect(_schema);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
