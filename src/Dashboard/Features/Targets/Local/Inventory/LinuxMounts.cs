using System.Text;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>One line of <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)).</summary>
/// <param name="Device">Major and minor number: the same for every mount of one file system.</param>
/// <param name="Root">Which folder of the file system is mounted.</param>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Type">The type of the file system.</param>
/// <param name="Source">The device or server.</param>
internal sealed record LinuxMount(string Device, string Root, string Point, string Type, string Source)
{
    /// <summary>All mounts this process sees.</summary>
    public static IReadOnlyList<LinuxMount> All(LinuxFiles files) => [.. files.Lines("proc/self/mountinfo").Select(Parse).OfType<LinuxMount>()];

    // "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": any number of optional fields before the dash.
    private static LinuxMount? Parse(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var dash = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
        return dash < 0 || fields.Length < dash + 3
            ? null
            : new LinuxMount(fields[2], Unescape(fields[3]), Unescape(fields[4]), fields[dash + 1], Unescape(fields[dash + 2]));
    }

    // White space and backslashes are written as three octal digits.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\'))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((text[i + 1] - '0') * 64) + ((text[i + 2] - '0') * 8) + (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}

/// <summary>Chooses the mounts that are disks to a person: those that hold data, each file system once.</summary>
internal static class LinuxDisks
{
    // File systems that show the kernel's state or live in memory, and read-only images of installed packages.
    private static readonly HashSet<string> Pseudo = new(StringComparer.Ordinal)
    {
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "erofs",
        "fusectl", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "hugetlbfs", "iso9660", "mqueue", "nsfs", "nullfs", "overlay", "proc",
        "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs", "tracefs",
    };

    /// <summary>The disks, by mount point.</summary>
    /// <param name="mounts">All mounts.</param>
    /// <param name="space">Total and free bytes of a mount point; null when it is not a folder with a size.</param>
    public static IReadOnlyList<DiskInventory> Choose(IEnumerable<LinuxMount> mounts, Func<string, (long Total, long Free)?> space)
    {
        var disks = new List<DiskInventory>();
        var seen = new HashSet<string>(StringComparer.Ordinal);

        // The shortest mount point of a file system is the one people know it by; the others are bind mounts of its parts.
        foreach (var mount in mounts.Where(IsDisk).OrderBy(m => m.Point.Length).ThenBy(m => m.Point, StringComparer.Ordinal))
        {
            if (space(mount.Point) is not { Total: > 0 } size)
            {
                continue;
            }

            var firstOfDevice = seen.Add(mount.Device);
            var firstOfSource = !mount.Source.Contains('/') || seen.Add(mount.Source);
            if (firstOfDevice && firstOfSource)
            {
                disks.Add(new DiskInventory(mount.Point, mount.Type, mount.Source, size.Total, size.Free));
            }
        }

        return [.. disks.OrderBy(d => d.Mount, StringComparer.Ordinal)];
    }

    /// <summary>Total and free bytes of a folder on this machine.</summary>
    public static (long Total, long Free)? Space(string folder)
    {
        try
        {
            // In containers single files such as /etc/hosts are mounted from the host's disk.
            var drive = new DriveInfo(folder);
            return Directory.Exists(folder) ? (drive.TotalSize, drive.AvailableFreeSpace) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    // A container's own root is an overlay: the only one that matters to who runs in it.
    private static bool IsDisk(LinuxMount mount) => mount.Point == "/" ? mount.Type != "rootfs" : !Pseudo.Contains(mount.Type);
}
