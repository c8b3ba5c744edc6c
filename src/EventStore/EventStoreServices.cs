using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Waybill.EventStore.Idempotency;
using Waybill.EventStore.Postgres;
using Waybill.EventStore.Relational;
using Waybill.EventStore.Sqlite;

namespace Waybill.EventStore;

/// <summary>Registers the event store with the host.</summary>
public static class EventStoreServices
{
    /// <summary>Adds a JSON context's event types to those the store can write and read.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services, JsonSerializerContext context)
    {
        services.TryAddSingleton<EventTypes>();
        services.TryAddSingleton<EventSchemas>();
        return services.AddSingleton(context);
    }

    /// <summary>
    /// Adds the step from one schema version of an event's stored shape to the next; every version below the type's own
    /// needs one.
    /// </summary>
    public static IServiceCollection AddUpcaster(
        this IServiceCollection services, string name, int fromVersion, Func<JsonObject, JsonObject> upcast) =>
        services.AddSingleton(new Upcaster(name, fromVersion, upcast));

    /// <summary>
    /// Makes SQLite the store. It opens when it is first asked for; a host asks at start, so that a locked or too new
    /// file stops it there.
    /// </summary>
    public static IServiceCollection AddSqliteEventStore(
        this IServiceCollection services, SqliteEventStoreOptions options) =>
        services.AddStore<SqliteEventStore>().AddSingleton(options);

    /// <summary>
    /// Makes PostgreSQL the store, possibly shared with other processes. It opens when it is first asked for, as SQLite
    /// does.
    /// </summary>
    public static IServiceCollection AddPostgresEventStore(
        this IServiceCollection services, PostgresEventStoreOptions options) =>
        services.AddStore<PostgresEventStore>().AddSingleton(options);

    private static IServiceCollection AddStore<TStore>(this IServiceCollection services)
        where TStore : RelationalEventStore
    {
        services.TryAddSingleton<EventTypes>();
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton<TStore>()
            .AddSingleton<IEventStore>(all => all.GetRequiredService<TStore>())
            .AddSingleton<ICheckpointStore>(all => all.GetRequiredService<TStore>())
            .AddSingleton<ISnapshotStore>(all => all.GetRequiredService<TStore>())
            .AddSingleton<ISubjectStore>(all => all.GetRequiredService<TStore>())
            .AddSingleton<ILogAudit>(all => all.GetRequiredService<TStore>())
            .AddSingleton<IDueStore>(all => all.GetRequiredService<TStore>().DueTable)
            .AddSingleton<IIdempotencyStore>(all => all.GetRequiredService<TStore>().IdempotencyKeys)
            .AddSingleton(all => all.GetRequiredService<TStore>().ReadModels);
    }
}
