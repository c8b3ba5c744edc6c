using Waybill.Silo;

if (args is [Verify.Verb, .. var options])
    return await Verify.RunAsync(options);
if (args is [Migrate.Verb, .. var settings])
    return await Migrate.RunAsync(settings);

return await Start.RunAsync(() =>
{
    var builder = Host.CreateApplicationBuilder(args);
    builder.Configuration.AddCommandLine(args, WaybillOptions.Switches);
    builder.AddWaybillSilo();

    var host = builder.Build();
    host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted
        .Register(() => Console.WriteLine("The silo is running (Ctrl-C stops it)."));
    return host;
});
