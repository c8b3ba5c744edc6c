using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Waybill.Tests;

/// <summary>
/// The routes that the server maps, from the server itself: its program runs in this process for a moment, because no
/// answer over HTTP tells of a route that nobody knows.
/// </summary>
internal static class MappedRoutes
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <returns>Each as method and pattern, for example <c>GET /accounts/{id}</c>.</returns>
    public static async Task<List<string>> ReadAsync()
    {
        using var data = new DataDirectory();
        var built = new TaskCompletionSource<IHost>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = DiagnosticListener.AllListeners.Subscribe(new Listener(built));
        string[] arguments =
            ["--environment", "Development", "--urls", "http://127.0.0.1:0", "--data", data.Path];
        var run = Task.Run(() => Assembly.Load("Waybill.Api").EntryPoint!.Invoke(null, [arguments]));

        var host = await built.Task.WaitAsync(Deadline);
        var life = host.Services.GetRequiredService<IHostApplicationLifetime>();
        var started = new TaskCompletionSource();
        using var telling = life.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(Deadline);
        List<string> routes =
        [
            .. from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
               from method in endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods ?? []
               select $"{method} {endpoint.RoutePattern.RawText}",
        ];
        life.StopApplication();
        await run.WaitAsync(Deadline);
        return routes;
    }

    private sealed class Listener(TaskCompletionSource<IHost> built)
        : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener listener)
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
                listener.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> told)
        {
            if (told is { Key: "HostBuilt", Value: IHost host })
                built.TrySetResult(host);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
