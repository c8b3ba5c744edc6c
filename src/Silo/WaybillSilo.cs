using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration.Memory;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using Orleans.Runtime;
using Waybill.EventStore;
using Waybill.Grains;
using Waybill.Grains.Rides;

namespace Waybill.Silo;

/// <summary>The composition of a silo, shared by the silo process and by an API that hosts its silo itself.</summary>
public static class WaybillSilo
{
    /// <summary>
    /// How long a caller waits for a grain. The API owes an answer within 5 s whatever happens below it, and needs a
    /// part of that for itself.
    /// </summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(4.5);

    // What is logged unless the configuration says otherwise. A start that fails is told in one line by Start; the
    // host's own report of it, with its stack, is too much.
    private static readonly Dictionary<string, string?> LogLevels = new()
    {
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
        ["Logging:LogLevel:Orleans"] = "Warning",
        ["Logging:LogLevel:Polly"] = "Warning", // Genuine Orleans places grains through it, and it tells of each.
    };

    /// <summary>Adds the event store, Orleans on it, and the health checks of both.</summary>
    /// <exception cref="StartException">The settings are wrong, or the data directory cannot be used.</exception>
    public static IHostApplicationBuilder AddWaybillSilo(this IHostApplicationBuilder builder)
    {
        var options = WaybillOptions.Read(builder.Configuration);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LogLevels });
        builder.Services.AddSingleton(options);
        builder.Services.AddEventStore(options);
        // Hosted services start in the order they are added: the store must be open before a grain asks it.
        builder.Services.AddHostedService<StoreOpening>();
        builder.UseOrleans(silo => Compose(silo, options));
        builder.Services.AddSingleton<SiloCheck>();
        builder.Services.AddHealthChecks()
            .AddCheck<StoreCheck>("store", timeout: StoreCheck.Timeout)
            .AddCheck<SiloCheck>("silo");
        return builder;
    }

    /// <summary>Where the SQLite file of a data directory is.</summary>
    internal static string DatabaseIn(string directory) => Path.Combine(directory, "waybill.db");

    internal static IServiceCollection AddEventStore(this IServiceCollection services, WaybillOptions options) =>
        string.IsNullOrWhiteSpace(options.Postgres)
            ? services.AddSqliteEventStore(new() { Path = DatabaseIn(WritableDirectory(options.Data)) })
            : services.AddPostgresEventStore(new() { ConnectionString = options.Postgres });

    private static void Compose(ISiloBuilder silo, WaybillOptions options)
    {
        // One silo alone: nobody connects to it, so it has no gateway, and any free port does for itself.
        silo.UseLocalhostClustering(siloPort: FreePort(), gatewayPort: 0);
        silo.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = CallTimeout;
            messaging.MaxEnqueuedRequestsHardLimit = options.WaitingCallsMax;
        });
        silo.Services.AddSingleton(new DispatchOptions { ArrivalLimit = options.ArrivalLimit });
        silo.AddWaybill(options.Receiver);
        silo.AddDashboard();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            services => services.GetRequiredService<SiloCheck>());
    }

    private static string WritableDirectory(string path)
    {
        try
        {
            var directory = Directory.CreateDirectory(path).FullName;
            var probe = Path.Combine(directory, $".writable-{Environment.ProcessId}");
            File.Create(probe, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
            return directory;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"the data directory {path} cannot be written: {unusable.Message}", unusable);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
