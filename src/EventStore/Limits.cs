namespace Waybill.EventStore;

/// <summary>Bounds what may take longer than its caller can wait.</summary>
internal static class Limits
{
    /// <summary>Waits for a call of which it is unknown how it ends, if the limit ends first.</summary>
    /// <exception cref="StoreUnavailableException">The limit ended.</exception>
    public static async Task<T> Within<T>(this Task<T> call, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return await call.WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            throw new StoreUnavailableException("The event store did not answer in time.");
        }
    }
}
