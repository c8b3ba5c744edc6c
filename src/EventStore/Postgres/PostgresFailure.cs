using System.Net.Sockets;
using Npgsql;

namespace Waybill.EventStore.Postgres;

/// <summary>
/// Makes of the driver's exceptions what a caller may see: they carry statements and settings, so none of them goes
/// out, not even inside another one. In full they are logged where they are caught.
/// </summary>
internal static class PostgresFailure
{
    // The classes of errors that are about the server or the account and not about a statement. Their texts say what is
    // the matter: transaction state (read-only), authorization, database, resources, operator; and privileges.
    private static readonly string[] Telling = ["08", "25", "28", "3D", "53", "57", "42501"];

    /// <summary>True if the database failed, or was closed meanwhile, and not this code.</summary>
    public static bool Is(Exception error) =>
        error is NpgsqlException or SocketException or IOException or TimeoutException or ObjectDisposedException;

    /// <summary>True if nothing is known but that there was no answer in time.</summary>
    public static bool IsTimeout(Exception error) => Is(error) && Innermost(error) is TimeoutException;

    public static StoreUnavailableException CannotWrite(Exception error) =>
        new($"The event store cannot write: {Reason(error)}.");

    public static StoreUnavailableException CannotRead(Exception error) =>
        new($"The event store cannot be read: {Reason(error)}.");

    public static StoreUnavailableException CannotOpen(string place, Exception error) =>
        new($"The event store on PostgreSQL ({place}) cannot be opened: {Reason(error)}.");

    private static string Reason(Exception error) => error switch
    {
        PostgresException e when Telling.Any(e.SqlState.StartsWith) => OneLine(e.MessageText),
        PostgresException e => $"PostgreSQL answers with error {e.SqlState}",
        _ => Innermost(error) switch
        {
            TimeoutException => "the server does not answer in time",
            SocketException or NpgsqlException => OneLine(Innermost(error).Message),
            _ => "the connection failed",
        },
    };

    // A name may stand for several addresses; the last one tried says as much as the first.
    private static Exception Innermost(Exception error) => error switch
    {
        AggregateException several => Innermost(several.InnerExceptions[^1]),
        { InnerException: { } inner } => Innermost(inner),
        _ => error,
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.');
}
