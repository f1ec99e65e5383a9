// The types of the portal, for the checker alone: browsers get the JavaScript as it is.

/** What an element may contain. */
type Child = Node | string | number | null | undefined | false | Child[];

/** Attributes of an element; `on…` is a listener. */
type Properties = Record<string, string | number | boolean | URL | null | undefined | ((event: any) => unknown)>;

/** A path of the API, with the type of what a GET returns. */
type Path<T> = string & { readonly body?: T };

type OrganizationId = string | number;

type Query = Record<string, string | number | null | undefined>;

type Answer<T> = { body: T; text: string; etag: string | null };

type RequestOptions = {
    query?: Query;
    body?: unknown;
    ifMatch?: string | null;
    signal?: AbortSignal;
    key?: string;
    /** Whether a status that is no success is returned, too. */
    accept?: (status: number) => boolean;
};

/** What a view gets. */
type View = {
    outlet: HTMLElement;
    /** The `:name` parts of the route's path. */
    parameters: Record<string, string>;
    query: Record<string, string>;
    signal: AbortSignal;
};

type Route = { path: string; view: (view: any) => unknown; role?: Role; tab?: string };

type Tone = 'good' | 'bad' | 'warn' | 'off';

/** A field of a form. */
type Field<Value = string, Input extends HTMLElement = HTMLElement> = {
    name: string;
    label: string;
    input: Input;
    element: HTMLElement;
    readonly value: Value;
    complain: (text: string) => void;
};

type TextField = Field<string, HTMLInputElement | HTMLTextAreaElement>;
type SelectField = Field<string, HTMLSelectElement>;
type CheckField = Field<boolean, HTMLInputElement>;
type AnyField = Field<any, any>;

// The API, as docs and its OpenAPI document describe it.

type Role = 'read' | 'analyst' | 'publish' | 'manage' | 'admin';
type Caller = { role: Role; organizationId?: number };
type Page<T> = { items: T[]; continuationToken: string | null };
type Errors = Record<string, string[]>;

type Authentication = {
    type: string;
    username?: string;
    name?: string;
    tokenUrl?: string;
    clientId?: string;
    scope?: string;
    audience?: string;
    clientAuthentication?: string;
    resource?: string;
};

/** As the API shows it, or as the form sends it. */
type ClientCertificate = { subject?: string; thumbprint?: string; expiresAt?: string; certificate?: string; privateKey?: string };

type Subscription = {
    id: string;
    name: string;
    description?: string;
    url: string;
    tokenHint?: string;
    authentication?: Authentication;
    clientCertificate?: ClientCertificate | null;
    urlIsSecret?: boolean;
    headerNames?: string[];
    filter?: unknown;
    retrySchedule?: string[];
    deadline?: string;
    format?: { type: string; body?: string; contentType?: string; preset?: string; secretNames?: string[] };
    events: string[];
    isActive: boolean;
    rateLimitPerSecond?: number;
    labels?: Record<string, string>;
    externalId?: string;
    updatedAt: string;
    health: { state: string; failingSince: string; failures: number; reason?: string };
};

/** A template for a known receiver. */
type Template = {
    name: string;
    title: string;
    description: string;
    url: string;
    authentication: Authentication & { value?: string };
    secrets?: { name: string; description: string }[];
    reference?: string;
    contentType: string;
    body: string;
};

type Outcome = 'delivered' | 'failed' | 'throttled' | 'gone' | 'skipped';

type Attempt = {
    eventId: string;
    eventName: string;
    attempt: number;
    run: string;
    at: string;
    endedAt: string;
    outcome: Outcome;
    statusCode?: number;
    durationMs: number;
    error?: { kind: string; detail: string };
    responseSnippet?: string;
    nextAttemptAt?: string;
};

type Delivery = { eventName?: string; attempts: Attempt[]; payload?: unknown };

type EventType = {
    name: string;
    source: string;
    category: string;
    description: string;
    parameters: { name: string; type: string; required: boolean; description: string }[];
    example: unknown;
    schema?: unknown;
};

type EventSummary = { id: string; eventName: string; source?: string; publishedAt: string };

type EventDelivery = {
    subscriptionId: string;
    subscriptionName: string;
    outcome?: Outcome;
    attempts: number;
    lastAttemptAt?: string;
    waiting?: { until: string; reason: string };
};

type ArchivedEvent = EventSummary & { payload?: unknown; payloadRemovedAt?: string; deliveries: EventDelivery[] };

type StatisticsTotal = { attempts: number; outcomes: Record<Outcome, number>; latencyP50Ms?: number; latencyP95Ms?: number };
type StatisticsPeriod = StatisticsTotal & { from: string };
type Statistics = { total: StatisticsTotal; items: StatisticsPeriod[] };

type OrganizationSummary = {
    id: number;
    subscriptions: { active: number; failing: number; deactivated: number };
    failingSince?: string;
    delivered: number;
    failed: number;
};

type AuditEntry = {
    id: string;
    type: string;
    timestamp: string;
    subscriptionId?: string;
    url?: string;
    eventId?: string;
    eventName?: string;
    attempt?: number;
    statusCode?: number;
    error?: { kind: string; detail: string; hint?: string };
    durationMs?: number;
    responseSnippet?: string;
    actor?: string;
    actorId?: string;
    changes?: Record<string, { from?: unknown; to?: unknown }>;
};

type Key = {
    id: string;
    name: string;
    role: Role;
    organizationId?: number;
    createdAt: string;
    expiresAt?: string;
    lastUsedAt?: string;
};

type Replay = {
    id: string;
    from: string;
    to: string;
    events?: string[];
    only: 'all' | 'failed' | 'missed';
    dryRun: boolean;
    state: 'counting' | 'running' | 'completed' | 'cancelled' | 'failed';
    matched: number;
    sent: number;
    createdAt: string;
};

type ReplayRequest = { from: string; to?: string; events?: string[]; only: string };

type RelaySubscriber = {
    subscriberId: string;
    organizationId: number;
    state: string;
    lastSuccessfulPollAt?: string;
    lagSeconds?: number | null;
    error?: { kind: string; detail: string; hint?: string };
};

type Health = { status: string; caller?: Caller; relay?: RelaySubscriber[] };

// Parts and views.

type Changes = NonNullable<AuditEntry['changes']>;

type Series = 'delivered' | 'failed' | 'throttled' | 'skipped';

/** An hour of the chart. */
type Bucket = Record<Series, number> & { start: Date; median: number | null; slowest: number | null };

type TableParts = {
    body: HTMLElement;
    element: HTMLElement;
    row: (cells: Child[]) => HTMLElement;
    detailRow: (content: Child) => HTMLElement;
};

type ListOptions<T, Table> = {
    caption: string;
    columns: string[];
    path: Path<Page<T>>;
    pageSize?: number;
    /** What is loaded, for people. */
    what: string;
    /** The label of the button for the next page. */
    more: string;
    row: (item: T, table: Table) => HTMLElement | HTMLElement[];
    empty: (query: Query) => Child;
    signal: AbortSignal;
    keep?: (item: T) => boolean;
};

/** What the form of a subscription starts with. */
type SubscriptionValues = Pick<Subscription, 'name' | 'url' | 'events' | 'isActive'> & Partial<Subscription>;

type Credentials = {
    fields: (TextField | SelectField | CheckField)[];
    element: HTMLElement;
    token: TextField;
    choose: (example: Authentication & { value?: string }) => void;
    readonly value: {
        token?: string;
        authentication?: Record<string, string>;
        clientCertificate?: ClientCertificate | null;
        urlIsSecret?: boolean;
    };
};

type CertificateFields = {
    fields: (TextField | CheckField)[];
    element: HTMLElement;
    readonly value: { clientCertificate?: ClientCertificate | null };
};

type Advanced = { fields: TextField[]; element: HTMLElement; readonly changes: Record<string, unknown> };

type FormatPart = {
    fields: (TextField | SelectField)[];
    element: HTMLElement;
    choose: (name: string) => void;
    readonly changes: Record<string, unknown>;
};

type Fields = {
    name: TextField;
    url: TextField;
    credentials: Credentials;
    format: FormatPart;
    advanced: Advanced;
    description: TextField;
    events: Field<string[], HTMLInputElement>;
    rateLimitPerSecond: TextField;
    isActive: CheckField;
};

/** The cells of a subscription that are filled later. */
type Cells = { id: string; last: HTMLElement; rate: HTMLElement };
