using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Access;

namespace Ops.Dashboard.Features.Access.Authorization;

/// <summary>What the registry says about a person at the moment.</summary>
internal sealed record PersonNow(Guid Id, string Name, Roles Roles, bool IsEnabled, string SecurityStamp, bool MustChangePassword)
{
    /// <summary>Reads it off the entity.</summary>
    public static PersonNow Of(Person person) =>
        new(person.Id, person.UserName ?? "", person.Roles, person.IsEnabled, person.SecurityStamp ?? "", person.MustChangePassword);
}

/// <summary>Reads people for every request and every open page. An answer is at most <see cref="Freshness"/> old.</summary>
internal sealed class PeopleNow(IDbContextFactory<RegistryDb> databases, TimeProvider time)
{
    /// <summary>How long an answer is used again. Commands do not use it: they read the registry themselves.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>How much older an answer may be for a page that is open already.</summary>
    public static readonly TimeSpan OpenPageAge = TimeSpan.FromSeconds(40);

    private readonly ConcurrentDictionary<Guid, (PersonNow? Person, DateTimeOffset Until)> known = new();

    /// <summary>The person, or null when there is none of this id.</summary>
    public async Task<PersonNow?> FindAsync(Guid id, CancellationToken cancellation = default)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue(id, out var answer) && now < answer.Until)
        {
            return answer.Person;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var person = await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellation);
        var fresh = person is null ? null : PersonNow.Of(person);
        known[id] = (fresh, now + Freshness);
        return fresh;
    }

    /// <summary>
    /// The newest answer there is, up to <see cref="OpenPageAge"/> old, and then without waiting. For open pages: Blazor takes a page down
    /// while its right is being looked up, and with it what was typed, so that look-up must not wait at every change of the address.
    /// The check of open pages (<c>Ops:Access:RevalidateOpenPagesEvery</c>) keeps the answer young.
    /// </summary>
    public ValueTask<PersonNow?> FindForOpenPageAsync(Guid id) =>
        known.TryGetValue(id, out var answer) && time.GetUtcNow() < answer.Until + OpenPageAge
            ? ValueTask.FromResult(answer.Person)
            : new(FindAsync(id));

    /// <summary>Drops what is known, so that a change made here counts with the next request.</summary>
    public void Forget(Guid id) => known.TryRemove(id, out _);
}
