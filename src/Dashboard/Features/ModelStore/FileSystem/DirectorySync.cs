using System.Runtime.InteropServices;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.FileSystem;

/// <summary>Makes renames and new files survive a loss of power: on Unix that takes an fsync of the directory, which .NET has no call for.</summary>
internal static class DirectorySync
{
    /// <summary>Flushes a directory's entries. Does nothing on Windows, where the file system journals them.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var handle = Open(Encoding.UTF8.GetBytes(directory + '\0'), 0);
        if (handle < 0)
        {
            throw new IOException($"Cannot open {directory}: error {Marshal.GetLastPInvokeError()}.", Marshal.GetLastPInvokeError());
        }

        try
        {
            if (Sync(handle) != 0)
            {
                throw new IOException($"Cannot flush {directory}: error {Marshal.GetLastPInvokeError()}.", Marshal.GetLastPInvokeError());
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Sync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Close(int handle);
}
