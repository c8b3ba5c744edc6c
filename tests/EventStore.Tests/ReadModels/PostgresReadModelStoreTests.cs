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

        Task<CommitOutcome> CommitTally(int queue) => Store.CommitAsync(
            Tally.Model,
            new ProjectionCommit<Tally>(new(queue, queues), 1, 0, 1) { Upserts = [new($"s{queue}", 1)] },
            Cancellation);

        Task<CommitOutcome> MoveOther(int queue) => Store.CommitAsync(
            Specimen.Model, new ProjectionCommit<Specimen>(new(queue, queues), 1, 0, 1), Cancellation);
    }

    protected override object? Query(string sql)
    {
        using var connection = PostgresServer.Connect(_schema);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
