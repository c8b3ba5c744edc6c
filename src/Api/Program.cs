using Orleans.Dashboard;
using Waybill.Api;
using Waybill.Api.Accounts;
using Waybill.Api.Admin;
using Waybill.Api.Contracts;
using Waybill.Api.Feed;
using Waybill.Api.Health;
using Waybill.Api.Http;
using Waybill.Api.Idempotency;
using Waybill.Api.Orders;
using Waybill.Api.Transfers;
using Waybill.Silo;

return await Start.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.Configuration.AddCommandLine(args, WaybillOptions.Switches);
    builder.ListenForTheDeveloperOnly();
    builder.AddWaybillSilo();
    builder.AddStrictJson();
    builder.AddProblems();
    builder.AddIdempotencyKeys();
    builder.Services.AddSingleton<Views>();
    builder.Services.AddSingleton<History>();
    builder.Services.AddSingleton<Projections>();
    builder.Services.AddSingleton<AsyncApi>();
    builder.AddOpenApiContract();
    builder.Services.AddSingleton<EventFeed>();

    var app = builder.Build();
    app.UseProblems();
    app.UseCorrelation();
    app.UseDeveloperOnly();
    app.UseUtf8Only();
    var routes = app.MapWithHead().DescribeAnswers();
    routes.MapAccounts();
    routes.MapTransfers();
    routes.MapInventory();
    routes.MapOrders();
    routes.MapAdmin();
    routes.MapHealth();
    routes.MapFeed();
    routes.MapContracts();
    routes.MapOpenApiContract();
    app.MapOrleansDashboard("/dashboard").ExcludeFromDescription();
    app.Lifetime.ApplicationStarted.Register(() => Welcome.Print(app.Urls));
    return app;
});
