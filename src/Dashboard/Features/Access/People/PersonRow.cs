using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.People;

/// <summary>An account as administrators see it.</summary>
public sealed record PersonRow(
    Guid Id, string Name, Roles Roles, bool IsEnabled, bool MustChangePassword, DateTimeOffset? LockedUntil, DateTimeOffset CreatedAt)
{
    /// <summary>Reads it off the entity.</summary>
    public static PersonRow Of(Person person, DateTimeOffset now) => new(
        person.Id, person.UserName ?? "", person.Roles, person.IsEnabled, person.MustChangePassword, person.LockoutEnd > now ? person.LockoutEnd : null, person.CreatedAt);
}

/// <summary>Reads accounts for the pages.</summary>
internal sealed class PeopleQueries(IDbContextFactory<RegistryDb> databases, TimeProvider time)
{
    /// <summary>The most that a list shows; a search narrows it.</summary>
    public const int Most = 500;

    /// <summary>Accounts by name.</summary>
    /// <param name="search">A part of the name.</param>
    /// <param name="role">Only holders of this role.</param>
    /// <param name="enabled">Only enabled or only disabled ones.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<PersonRow>> ListAsync(string? search, Roles? role, bool? enabled, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var people = db.Users.AsNoTracking();
        if (!string.IsNullOrWhiteSpace(search))
        {
            var part = search.Trim().ToUpperInvariant();
            people = people.Where(p => p.NormalizedUserName!.Contains(part));
        }

        if (enabled is { } wanted)
        {
            people = people.Where(p => p.DisabledAt == null == wanted);
        }

        var found = people.OrderBy(p => p.UserName).AsAsyncEnumerable();

        // Several roles are kept in one column, which databases cannot look into; there are few people.
        var rows = new List<PersonRow>();
        await foreach (var person in found.WithCancellation(cancellation))
        {
            if (role is null || person.Roles.HasFlag(role.Value))
            {
                rows.Add(PersonRow.Of(person, now));
            }

            if (rows.Count == Most)
            {
                break;
            }
        }

        return rows;
    }

    /// <summary>One account, or null.</summary>
    public async Task<PersonRow?> FindAsync(Guid id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellation) is { } person ? PersonRow.Of(person, time.GetUtcNow()) : null;
    }
}
