using Microsoft.AspNetCore.Identity;

namespace Ops.Data.Access;

/// <summary>A local account. Password, lockout and security stamp are ASP.NET Core Identity's.</summary>
public sealed class Person : IdentityUser<Guid>
{
    /// <summary>The roles held now. Read afresh for every command, so a change counts at once.</summary>
    public Roles Roles { get; private set; }

    /// <summary>When an administrator disabled the account, or null while it is enabled.</summary>
    public DateTimeOffset? DisabledAt { get; private set; }

    /// <summary>When the account was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether the person must choose a new password at the next sign-in.</summary>
    public bool MustChangePassword { get; set; }

    /// <summary>Whether the account may be used.</summary>
    public bool IsEnabled => DisabledAt is null;

    /// <summary>Makes an account that may sign in. The password is set by Identity's user manager.</summary>
    public static Person Create(string userName, Roles roles, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        UserName = userName,
        Roles = roles | Roles.Viewer,
        CreatedAt = now,
        LockoutEnabled = true,
        SecurityStamp = Guid.NewGuid().ToString("N"),
    };

    /// <summary>Replaces the roles.</summary>
    public void SetRoles(Roles roles)
    {
        Roles = roles | Roles.Viewer;
        Touch();
    }

    /// <summary>Stops the account from being used, and ends its sessions.</summary>
    public Result Disable(DateTimeOffset now)
    {
        if (DisabledAt is not null)
        {
            return Failure.Conflict($"{UserName} is disabled already.");
        }

        DisabledAt = now;
        EndSessions();
        return Result.Done;
    }

    /// <summary>Lets the account be used again.</summary>
    public Result Enable()
    {
        if (DisabledAt is null)
        {
            return Failure.Conflict($"{UserName} is enabled already.");
        }

        DisabledAt = null;
        Touch();
        return Result.Done;
    }

    /// <summary>Makes every cookie issued before now worthless (sign-out everywhere).</summary>
    public void EndSessions()
    {
        SecurityStamp = Guid.NewGuid().ToString("N");
        Touch();
    }

    /// <summary>Makes a change that somebody else is saving at the same moment collide with this one, even where this row itself stays as it is.</summary>
    public void Touch() => ConcurrencyStamp = Guid.NewGuid().ToString("N");
}
