// Works Thunderbird's calendar and address book as its windows do. Evaluated once in its own (chrome) context.

const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalIcsParser } = ChromeUtils.importESModule("resource:///modules/CalIcsParser.sys.mjs");
const { CalIcsSerializer } = ChromeUtils.importESModule("resource:///modules/CalIcsSerializer.sys.mjs");
const { CardDAVDirectory } = ChromeUtils.importESModule("resource:///modules/CardDAVDirectory.sys.mjs");
const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { VCardUtils } = ChromeUtils.importESModule("resource:///modules/VCardUtils.sys.mjs");

const calendars = {}; // by kind
let book, directory;

// Resolves when the calendar says that it was read again, or that it could not be.
function read(calendar) {
  return new Promise(resolve => {
    const nothing = () => {};
    const observer = {
      QueryInterface: ChromeUtils.generateQI(["calIObserver"]),
      onStartBatch: nothing,
      onEndBatch: nothing,
      onAddItem: nothing,
      onModifyItem: nothing,
      onDeleteItem: nothing,
      onPropertyChanged: nothing,
      onPropertyDeleting: nothing,
      onLoad: done,
      onError: done,
    };
    function done() {
      calendar.removeObserver(observer);
      resolve();
    }
    calendar.addObserver(observer);
    calendar.refresh();
  });
}

async function itemOf(kind, uid) {
  return calendars[kind].getItem(uid);
}

function cardOf(uid) {
  return book.childCards.find(card => card.UID == uid);
}

globalThis.agent = {
  // Remembers the password for the server, as its dialogue does.
  async signIn(url, realm, user, password) {
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
    login.init(new URL(url).origin, null, realm, user, password, "", "");
    await Services.logins.addLoginAsync(login);
  },

  // What its wizards find for an address that a person types.
  async discover(location, user, password) {
    const found = await cal.provider.detection.detect(user, password, location, false, [], {});
    const addresses = Array.from(found.values()).flat().map(one => one.uri.spec);
    const books = await CardDAVUtils.detectAddressBooks(user, password, location, false, false);
    return addresses.concat(books.map(one => one.url.href));
  },

  async open(kind, url, user) {
    if (kind == "contact") {
      const id = MailServices.ab.newAddressBook("Hub", null, Ci.nsIAbManager.CARDDAV_DIRECTORY_TYPE);
      book = MailServices.ab.getDirectoryFromId(id);
      book.setStringValue("carddav.url", url);
      book.setStringValue("carddav.username", user);
      directory = CardDAVDirectory.forFile(book.fileName);
      await directory.fetchAllFromServer();
      return;
    }
    const made = cal.manager.createCalendar("caldav", Services.io.newURI(url));
    made.name = kind;
    made.setProperty("username", user);
    made.setProperty("cache.enabled", true);
    cal.manager.registerCalendar(made);
    calendars[kind] = cal.manager.getCalendarById(made.id);
    await read(calendars[kind]);
  },

  async sync(kind) {
    await (kind == "contact" ? directory.syncWithServer(false) : read(calendars[kind]));
  },

  async texts(kind) {
    if (kind == "contact") {
      return book.childCards.map(card => card.vCardProperties.toVCard());
    }
    const items = await calendars[kind].getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
    return items.map(item => {
      const serializer = new CalIcsSerializer();
      serializer.addItems([item]);
      return serializer.serializeToString();
    });
  },

  async create(kind, text) {
    if (kind == "contact") {
      book.addCard(VCardUtils.vCardToAbCard(text));
      return;
    }
    const parser = new CalIcsParser();
    parser.parseString(text);
    await calendars[kind].addItem(parser.getItems()[0]);
  },

  async retitle(kind, uid, title) {
    if (kind == "contact") {
      const card = cardOf(uid);
      card.displayName = title;
      card.setProperty("_vCard", card.vCardProperties.toVCard());
      book.modifyCard(card);
      return;
    }
    const old = await itemOf(kind, uid);
    const changed = old.clone();
    changed.title = title;
    await calendars[kind].modifyItem(changed, old);
  },

  // "Edit only this occurrence".
  async retitleOne(uid, start, title) {
    const old = await itemOf("event", uid);
    const changed = old.clone();
    const at = cal.createDateTime(start).getInTimezone(old.startDate.timezone);
    const one = changed.recurrenceInfo.getOccurrenceFor(at).clone();
    one.title = title;
    changed.recurrenceInfo.modifyException(one, true);
    await calendars.event.modifyItem(changed, old);
  },

  // The "Accept" button of an invitation that is in the calendar.
  async accept(uid, user) {
    const old = await itemOf("event", uid);
    const changed = old.clone();
    const attendee = changed.getAttendeeById(`mailto:${user}`).clone();
    attendee.participationStatus = "ACCEPTED";
    changed.removeAttendee(changed.getAttendeeById(`mailto:${user}`));
    changed.addAttendee(attendee);
    await calendars.event.modifyItem(changed, old);
  },

  async delete(kind, uid) {
    if (kind == "contact") {
      book.deleteCards([cardOf(uid)]);
      return;
    }
    await calendars[kind].deleteItem(await itemOf(kind, uid));
  },

  async version() {
    return `${Services.appinfo.name} ${Services.appinfo.version}`;
  },
};
