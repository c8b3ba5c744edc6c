using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Waybill.Tests;

/// <summary>
/// The built server as a process of its own, on a free port, so that it can be stopped and killed as an operator or an
/// accident would.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    // Generous: a loaded machine builds and tests beside it. Nothing waits this long unless it hangs.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromMinutes(1);

    private const int Terminate = 15;

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly TaskCompletionSource<string> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Talks to the server. Each has connections of its own.</summary>
    public ApiClient Client { get; private set; } = null!;

    /// <summary>Starts the server on a free port and waits until it says where it serves.</summary>
    public static async Task<ServerProcess> StartAsync(string data, params string[] arguments)
    {
        string[] own = ["--urls", "http://127.0.0.1:0", "--data", data];
        var server = new ServerProcess(Launch("Waybill.Api", [.. own, .. arguments]));
        var line = await server.Started();
        server.Client = new ApiClient(new Uri(ServesOn().Match(line).Groups[1].Value));
        return server;
    }

    /// <summary>Starts a silo without the HTTP API and waits until it says that it runs.</summary>
    public static async Task<ServerProcess> StartSiloAsync(string data)
    {
        var silo = new ServerProcess(Launch("Waybill.Silo", ["--data", data]));
        (await silo.Started()).ShouldStartWith("The silo is running");
        return silo;
    }

    /// <summary>Runs a server that is expected not to start.</summary>
    /// <returns>Its exit code and all that it wrote.</returns>
    public static Task<(int ExitCode, string Output)> FailAsync(params string[] arguments) =>
        RunAsync("Waybill.Api", arguments);

    /// <summary>Runs the silo's verb <c>verify</c>.</summary>
    /// <returns>Its exit code and all that it wrote.</returns>
    public static Task<(int ExitCode, string Output)> VerifyAsync(params string[] arguments) =>
        RunAsync("Waybill.Silo", ["verify", .. arguments]);

    /// <summary>Runs the silo's verb <c>migrate</c>.</summary>
    /// <returns>Its exit code and all that it wrote.</returns>
    public static Task<(int ExitCode, string Output)> MigrateAsync(params string[] arguments) =>
        RunAsync("Waybill.Silo", ["migrate", .. arguments]);

    /// <summary>How many files and sockets the process has open; on Linux.</summary>
    public int OpenFiles => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>Ends the process at once, as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>Asks the process to stop, as a service manager does.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        kill(_process.Id, Terminate).ShouldBe(0);
        await ExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    private static Process Launch(string program, IEnumerable<string> arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, $"{program}.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Whoever runs the tests may have settings of their own in the environment.
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
            start.Environment.Remove(name);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        return Process.Start(start)!;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments)
    {
        await using var process = new ServerProcess(Launch(program, arguments));
        await process.ExitAsync();
        return (process._process.ExitCode, process.Output);
    }

    private static bool IsSetting(string variable) =>
        variable.Contains("__", StringComparison.Ordinal)
        || variable.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || variable.ToUpperInvariant() is "URLS" or "ENVIRONMENT" or "DOTNET_URLS" or "DOTNET_ENVIRONMENT";

    private void Note(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
        if (line.Contains("(Ctrl-C stops it)", StringComparison.Ordinal))
            _started.TrySetResult(line);
    }

    private async Task<string> Started()
    {
        var exit = _process.WaitForExitAsync();
        try
        {
            if (await Task.WhenAny(_started.Task, exit).WaitAsync(StartLimit) == exit)
                Assert.Fail($"It ended with {_process.ExitCode} instead of starting:\n{Output}");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It has not started within {StartLimit}:\n{Output}");
        }
        return await _started.Task;
    }

    private Task ExitAsync() => _process.WaitForExitAsync().WaitAsync(ExitLimit);

    [DllImport("libc")]
    private static extern int kill(int process, int signal);

    [GeneratedRegex(@"^Waybill serves on (http://\S+:\d+)")]
    private static partial Regex ServesOn();
}
