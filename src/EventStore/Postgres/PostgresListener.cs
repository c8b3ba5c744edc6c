using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Hears of the commits of other processes, on a connection of its own. It tells nothing that a reader could rely on:
/// what is said while the connection is away is made up for by reading the head, once it is back.
/// </summary>
internal sealed class PostgresListener : IDisposable
{
    /// <summary>How long a failed connection is left alone: short beside how long an outage takes to heal.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly PostgresConnections _connections;
    private readonly HeadSignal _signal;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _listening;

    public PostgresListener(PostgresConnections connections, HeadSignal signal, ILogger logger)
    {
        _connections = connections;
        _signal = signal;
        _logger = logger;
        _listening = Task.Run(RunAsync);
    }

    public void Dispose()
    {
        _closing.Cancel();
        _listening.Wait();
        _closing.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(_closing.Token);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) // The loop must outlive any outage.
            {
                _logger.LogWarning(error, "Commits of other processes are not heard of; readers find them by polling.");
                await Task.Delay(Pause, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await _connections.OpenListenerAsync(cancellation);
        connection.Notification += (_, told) =>
        {
            if (long.TryParse(told.Payload, CultureInfo.InvariantCulture, out var head))
                _signal.Advance(head);
        };
        await using (var select = connection.Command("select-channel"))
        {
            var channel = (string)(await select.ExecuteScalarAsync(cancellation))!;
            await using var listen = new NpgsqlCommand($"LISTEN {channel}", connection);
            await listen.ExecuteNonQueryAsync(cancellation);
        }
        _signal.Advance(await new PostgresSession(connection).ReadHeadPositionAsync(cancellation));
        while (true)
            await connection.WaitAsync(cancellation);
    }
}
