using Orleans.Runtime.Providers;

namespace Waybill.EventStore.Streams;

/// <summary>
/// How long to wait before trying again: twice as long each time, from 50 ms to 1 s, half of it by chance, so that
/// what failed together does not come back together.
/// </summary>
internal sealed class Retry : IMessageDeliveryBackoffProvider, IQueueReaderBackoffProvider
{
    private const double MinMilliseconds = 50;
    private const double MaxMilliseconds = 1_000;

    public TimeSpan Next(int attempt)
    {
        var delay = Math.Min(MaxMilliseconds, MinMilliseconds * Math.Pow(2, attempt));
        return TimeSpan.FromMilliseconds(delay * (1 + Random.Shared.NextDouble()) / 2);
    }
}
