using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Waybill.EventStore;
using Waybill.EventStore.Streams;
using Waybill.Grains.Accounts;
using Waybill.Grains.Analytics;
using Waybill.Grains.Notifications;
using Waybill.Grains.Orders;
using Waybill.Grains.Rides;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Projections;
using Waybill.Grains.Sourcing.Reactions;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains;

/// <summary>What a host registers to run Waybill's grains, or only to read their events.</summary>
public static class WaybillGrains
{
    internal const string EventStoreProvider = "event-store";

    /// <summary>Lets a silo do all that Waybill does. It needs the event store beside this.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="receiver">Where notifications are posted; null to write them to the log.</param>
    public static ISiloBuilder AddWaybill(this ISiloBuilder silo, WebhookOptions? receiver = null)
    {
        silo.AddEventStreams();
        return silo
            .AddWaybillGrains()
            .AddWaybillProjections()
            .AddWaybillSagas()
            .AddWaybillRides()
            .AddNotifications(receiver);
    }

    /// <summary>Lets a silo run the grains. It needs an <see cref="IEventStore"/> beside this.</summary>
    public static ISiloBuilder AddWaybillGrains(this ISiloBuilder silo)
    {
        silo.AddCustomStorageBasedLogConsistencyProvider(EventStoreProvider);
        silo.Services.AddWaybillEvents();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.TryAddSingleton(new SourcingOptions());
        silo.Services.TryAddSingleton<StoreAccess>();
        silo.Services.TryAddSingleton<PastStates>();
        return silo;
    }

    /// <summary>
    /// Lets a silo keep Waybill's read models up to date. It needs the event store's read models beside this.
    /// </summary>
    public static ISiloBuilder AddWaybillProjections(this ISiloBuilder silo) => silo
        .AddProjection<AccountList, AccountRow, IAccountListGrain>()
        .AddProjection<Statement, StatementRow, IStatementGrain>()
        .AddProjection<InventoryList, InventoryRow, IInventoryListGrain>()
        .AddProjection<OrderList, OrderRow, IOrderListGrain>()
        .AddProjection<SagaList, SagaRow, ISagaListGrain>()
        .AddProjection<OnlineDrivers, OnlineDriverRow, IOnlineDriversGrain>()
        .AddProjection<RideList, RideRow, IRideListGrain>()
        .AddProjection<OrderFacts, OrderFact, IOrderFactsGrain>()
        .AddProjection<RideFacts, RideFact, IRideFactsGrain>()
        .AddProjection<CustomerNotices, CustomerNoticeRow, ICustomerNoticesGrain>();

    /// <summary>Lets a silo run Waybill's sagas. It needs the event store's due table beside this.</summary>
    public static ISiloBuilder AddWaybillSagas(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<MessageType>(AccountMessages.Withdraw);
        silo.Services.AddSingleton<MessageType>(AccountMessages.Deposit);
        silo.Services.AddSingleton<MessageType>(AccountMessages.Hold);
        silo.Services.AddSingleton<MessageType>(AccountMessages.Release);
        silo.Services.AddSingleton<MessageType>(AccountMessages.Capture);
        silo.Services.AddSingleton<MessageType>(StockMessages.Reserve);
        silo.Services.AddSingleton<MessageType>(StockMessages.Release);
        silo.Services.AddSingleton<MessageType>(StockMessages.Ship);
        silo.Services.AddSingleton<MessageType>(OrderMessages.Reserve);
        silo.Services.AddSingleton<MessageType>(OrderMessages.Ship);
        silo.Services.AddSingleton<MessageType>(OrderMessages.Cancel);
        foreach (var message in RideMessages.All)
            silo.Services.AddSingleton(message);
        return silo.AddSagas().AddLogReader<IFulfilmentStartGrain>();
    }

    /// <summary>Lets a silo look for rides' drivers, and have rides paid. It needs sagas beside this.</summary>
    public static ISiloBuilder AddWaybillRides(this ISiloBuilder silo)
    {
        silo.Services.TryAddSingleton(new DispatchOptions());
        return silo
            .AddLogReader<IDispatchReaderGrain>()
            .AddReaction<RideCharge, IRideChargeGrain>()
            .AddReaction<RideSettlement, IRideSettlementGrain>()
            .AddReaction<DriverCredit, IDriverCreditGrain>();
    }

    /// <summary>Lets the event store write and read the events of every aggregate.</summary>
    public static IServiceCollection AddWaybillEvents(this IServiceCollection services) => services
        .AddEvents(AccountEventJson.Default)
        .AddEvents(StockEventJson.Default)
        .AddEvents(OrderEventJson.Default)
        .AddEvents(DriverEventJson.Default)
        .AddEvents(RideEventJson.Default)
        .AddEvents(SagaEventJson.Default)
        .AddUpcaster("saga.stepped", fromVersion: 1, SagaUpcasts.FromVersion1);
}
