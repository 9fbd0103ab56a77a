using Microsoft.EntityFrameworkCore;

namespace Ops.Data.Tests.Providers;

public sealed class SqliteDurabilityTests(SqliteDatabase database) : RegistryTests<SqliteDatabase>(database)
{
    // 2 is FULL: a commit is on the disk before it is acknowledged.
    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("foreign_keys", "1")]
    [InlineData("busy_timeout", "15000")]
    public async Task Pragma_OnEveryConnection_IsTheDurableOne(string pragma, string expected)
    {
        await using var first = Open();
        await using var second = Open();
        foreach (var db in new[] { first, second })
        {
            await db.Database.OpenConnectionAsync(Cancel);
            await using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // The names are the ones above.
            command.CommandText = $"PRAGMA {pragma}";
#pragma warning restore CA2100
            Assert.Equal(expected, Convert.ToString(await command.ExecuteScalarAsync(Cancel)));
        }
    }
}
