namespace Waybill.EventStore.Sqlite;

/// <summary>
/// Keeps a second process off the database. The lock is the operating system's, on an open file beside the database, so
/// it goes with the process however that ends; the empty file itself stays.
/// </summary>
internal sealed class ProcessLock : IDisposable
{
    // What "locked by another" is called on Linux, macOS and Windows.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private ProcessLock(FileStream file) => _file = file;

    /// <exception cref="StoreInUseException">Another process, or another store in this one, holds it.</exception>
    /// <exception cref="StoreUnavailableException">The lock's file cannot be opened.</exception>
    public static ProcessLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException held) when (Held.Contains(held.HResult))
        {
            throw new StoreInUseException(
                $"The event store {databasePath} is in use by another process. Stop that one first, or choose another "
                + "data directory.",
                held);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The event store {databasePath} cannot be opened: {error.Message}", error);
        }
    }

    public void Dispose() => _file.Dispose();
}
