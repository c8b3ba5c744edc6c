using Microsoft.Extensions.DependencyInjection;
using Waybill.EventStore;
using Waybill.EventStore.Postgres;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Streams;
using Waybill.Tests.Postgres;

namespace Waybill.Tests.EventStore.Streams;

[Collection(OnPostgres.Name)]
public sealed class PostgresEventStreamsTests(PostgresServer server) : EventStreamsContract
{
    private readonly string _schema = server.NewSchema();

    [Fact]
    public async Task Silos_with_stores_of_their_own_on_one_database_wake_each_other()
    {
        var stores = new List<PostgresEventStore>();
        await using (var cluster = await Deploy(silos: 3, silo =>
        {
            var store = OnPostgres.Open(_schema);
            stores.Add(store);
            silo.Services.AddSingleton<IEventStore>(store);
            silo.Services.AddSingleton<ICheckpointStore>(store);
            silo.Services.AddSingleton(Consumers);
            // Only a wake-up can bring what another silo has appended.
            silo.AddEventStreams(new EventStreamOptions { PollPeriod = TimeSpan.FromHours(1) });
        }))
        {
            for (var n = 1; n <= 30; n++)
            {
                await Append($"s{n}", store: stores[n % 3]);
                await Consumers.Until(() => Consumers.Positions().Distinct().Count() == n);
            }
        }

        stores.ForEach(store => store.Dispose());
    }

    protected override RelationalEventStore Open() => OnPostgres.Open(_schema);

    protected override void Execute(string sql) => PostgresServer.Execute(_schema, sql);

    protected override IDisposable HoldAppends() => OnPostgres.HoldAppends(_schema);
}
