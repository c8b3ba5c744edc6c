using Microsoft.Extensions.Logging;

namespace Waybill.EventStore.Streams;

/// <summary>How the reads of one loop go, for those who ask and for the log. Safe for concurrent use.</summary>
internal sealed class ReadHealth(string reader, TimeProvider time, ILogger logger)
{
    private static readonly Retry Backoff = new();

    private readonly Lock _lock = new();
    private DateTimeOffset? _lastRead;
    private string? _error;
    private int _failures;

    /// <summary>When a read last succeeded, and what is wrong since; null if nothing is.</summary>
    public (DateTimeOffset? LastRead, string? Error) Now
    {
        get
        {
            lock (_lock)
                return (_lastRead, _error);
        }
    }

    public void Succeeded()
    {
        lock (_lock)
        {
            _lastRead = time.GetUtcNow();
            if (_failures == 0)
                return;
            logger.LogInformation("{Reader} reads again, after {Failures} failures.", reader, _failures);
            (_failures, _error) = (0, null);
        }
    }

    /// <returns>How long to wait before the next try.</returns>
    public TimeSpan Failed(Exception error)
    {
        lock (_lock)
        {
            // Once for each outage, and not for each try.
            if (_failures == 0)
                logger.LogWarning(error, "{Reader} cannot read the log; it tries again until it can.", reader);
            _error = error.Message;
            return Backoff.Next(_failures++);
        }
    }
}
