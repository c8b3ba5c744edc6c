using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;

namespace Waybill.Tests;

/// <summary>
/// The server's own entry point, run inside this process, so that a test can replace a service as the host is built
/// (hosts announce that) and call its grains. It is reached over HTTP like any other.
/// </summary>
internal sealed class InProcessServer : IAsyncDisposable, IObserver<DiagnosticListener>,
    IObserver<KeyValuePair<string, object?>>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // Another server that is being built in this process is not this one's business.
    private static readonly AsyncLocal<InProcessServer?> Building = new();

    private readonly Action<IServiceCollection> _configure;
    private readonly TaskCompletionSource<IHost> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;

    private InProcessServer(string data, Action<IServiceCollection> configure)
    {
        _configure = configure;
        string[] arguments = ["--environment", "Development", "--urls", "http://127.0.0.1:0", "--data", data];
        var main = Assembly.Load("Waybill.Api").EntryPoint!;
        _run = Task.Run(() =>
        {
            Building.Value = this;
            using var all = DiagnosticListener.AllListeners.Subscribe(this);
            main.Invoke(null, [arguments]);
        });
    }

    public ApiClient Client { get; private set; } = null!;

    public IGrainFactory Grains => _built.Task.Result.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts it on a free port, with some services replaced.</summary>
    public static async Task<InProcessServer> StartAsync(string data, Action<IServiceCollection> configure)
    {
        var server = new InProcessServer(data, configure);
        await server.Until(server._built.Task);
        var services = (await server._built.Task).Services;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(started.SetResult);
        await server.Until(started.Task);
        var addresses = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        server.Client = new ApiClient(new Uri(addresses.Addresses.Single()));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        (await _built.Task).Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await _run.WaitAsync(Deadline);
    }

    private async Task Until(Task step)
    {
        if (await Task.WhenAny(step, _run).WaitAsync(Deadline) == _run)
            Assert.Fail("It ended instead of starting; it has said why.");
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener listener)
    {
        if (listener.Name == "Microsoft.Extensions.Hosting" && Building.Value == this)
            listener.Subscribe(this);
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> happened)
    {
        if (happened.Value is IHostBuilder builder)
            builder.ConfigureServices(_configure);
        else if (happened.Value is IHost host)
            _built.TrySetResult(host);
    }

    void IObserver<DiagnosticListener>.OnCompleted() { }

    void IObserver<DiagnosticListener>.OnError(Exception error) { }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted() { }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error) { }
}

/// <summary>Tells the time that a test sets. What waits for a while still waits in real time.</summary>
internal sealed class SetClock : TimeProvider
{
    public DateTimeOffset Now { get; set; }

    public override DateTimeOffset GetUtcNow() => Now;
}
