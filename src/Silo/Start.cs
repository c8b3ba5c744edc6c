using Microsoft.AspNetCore.Connections;
using Waybill.EventStore;
using Waybill.EventStore.ReadModels;

namespace Waybill.Silo;

/// <summary>What keeps Waybill from starting, said to the person who starts it. The message is one line.</summary>
public sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Runs a host, and tells what only its user can put right from what is a bug.</summary>
public static class Start
{
    /// <summary>Builds the host and runs it until it is stopped.</summary>
    /// <returns>
    /// The process's exit code: 0, or 1 after one line on standard error where the surroundings forbid the start. Any
    /// other exception is a bug and goes on, so that its stack is seen.
    /// </returns>
    public static async Task<int> RunAsync<THost>(Func<THost> build)
        where THost : IHost
    {
        try
        {
            using var host = build();
            await host.RunAsync();
            return 0;
        }
        catch (Exception error) when (Reason(error) is { } reason)
        {
            await Console.Error.WriteLineAsync($"Waybill cannot start: {reason}");
            return 1;
        }
    }

    /// <summary>What a person can put right; null if the error is a bug.</summary>
    internal static string? Reason(Exception error) => error switch
    {
        StartException or StoreInUseException or StoreTooNewException or ReadModelChangedException => error.Message,
        StoreUnavailableException or StoreUnsuitableException => error.Message,
        IOException { InnerException: AddressInUseException } => error.Message,
        _ => null,
    };
}
