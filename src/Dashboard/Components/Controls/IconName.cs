namespace Ops.Dashboard.Components.Controls;

/// <summary>The drawings of <see cref="Icon"/>.</summary>
public enum IconName
{
    Overview, Endpoint, Model, Rollout, Inbox, Target, Audit, Settings, Search, Close, Check, CheckCircle, WarningTriangle, CriticalOctagon,
    InfoCircle, NeutralCircle, Progress, Pulse, Unplugged, Copy, ChevronRight, ChevronLeft, ChevronDown, ChevronUp, ArrowRight, External, More,
    Collapse, Sun, Moon, System, Person, SignOut, Lock, Key, Upload, Download, Plus, Trash, Edit, Undo, Refresh, Play, Pause, Stop, Clock, File,
    Folder, Tag, Node, Gpu, Memory, Chart, Filter, Branch, Shield, Terminal, Bell, Eye, Link,
}
