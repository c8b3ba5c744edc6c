using Orleans.Dashboard;
using Waybill.Api;
using Waybill.Api.Accounts;
using Waybill.Api.Health;
using Waybill.Api.Http;
using Waybill.Silo;

return await Start.RunAsync(() =>
{
    var builder = WebApplication.CreateBuilder(args);
    builder.Configuration.AddCommandLine(args, WaybillOptions.Switches);
    builder.ListenForTheDeveloperOnly();
    builder.AddWaybillSilo();
    builder.AddStrictJson();
    builder.AddProblems();

    var app = builder.Build();
    app.UseProblems();
    app.UseCorrelation();
    app.UseDeveloperOnly();
    app.UseUtf8Only();
    var routes = app.MapWithHead();
    routes.MapAccounts();
    routes.MapHealth();
    app.MapOrleansDashboard("/dashboard");
    app.Lifetime.ApplicationStarted.Register(() => Welcome.Print(app.Urls));
    return app;
});
