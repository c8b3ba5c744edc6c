using Npgsql;

namespace Waybill.Tests.Postgres;

/// <summary>What tests ask of the server, which is apart because others than tests start one too.</summary>
public sealed partial class PostgresServer : IAsyncLifetime
{
    /// <summary>Skips the test that asks if there is no server.</summary>
    public void ShouldBeThere()
    {
        if (Missing is { } words)
            Assert.Skip(words);
    }

    /// <summary>Skips the test that asks if the server is not this run's own, to be stopped at will.</summary>
    public void ShouldBeOurs()
    {
        ShouldBeThere();
        if (_given is not null)
            Assert.Skip("skipped: the PostgreSQL server of WAYBILL_TEST_POSTGRES is not ours to stop");
    }

    /// <summary>Makes an empty schema.</summary>
    /// <returns>A connection string that leads to it.</returns>
    public string NewSchema()
    {
        ShouldBeThere();
        var name = $"test_{Guid.NewGuid():N}";
        Execute($"CREATE SCHEMA {name}");
        return new NpgsqlConnectionStringBuilder(_connectionString)
        {
            SearchPath = name, ApplicationName = name,
        }.ConnectionString;
    }
}
