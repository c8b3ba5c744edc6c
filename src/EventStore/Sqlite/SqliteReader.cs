using Microsoft.Data.Sqlite;

namespace Waybill.EventStore.Sqlite;

/// <summary>A connection that only reads, with its statements prepared. Used by one caller at a time.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _selectStream;
    private readonly SqliteCommand _selectCommand;
    private readonly SqliteCommand _selectHead;

    public SqliteReader(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        _connection.Open();
        _selectStream = _connection.Prepare(
            "select-stream", "$category", "$id", "$from_version", "$to_version", "$limit");
        _selectCommand = SqliteRows.PrepareSelectCommand(_connection);
        _selectHead = _connection.Prepare("select-head");
    }

    public List<StoredEvent> ReadPage(StreamName stream, long fromVersion, long toVersion)
    {
        var page = new List<StoredEvent>();
        using var rows = _selectStream
            .With(stream.Category, stream.Id, fromVersion, toVersion, Reading.PageSize)
            .ExecuteReader();
        while (rows.Read())
            page.Add(SqliteRows.ToStoredEvent(rows, stream));
        return page;
    }

    public RecordedCommand? FindCommand(StreamName stream, Guid commandId) =>
        SqliteRows.FindCommand(_selectCommand, stream, commandId);

    public long ReadHeadPosition() => _selectHead.ExecuteScalar() as long? ?? 0;

    public void Dispose() => _connection.Dispose();
}
